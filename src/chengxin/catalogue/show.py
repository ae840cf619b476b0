"""Show an item, and the difference between two, as Markdown that reads well as plain text."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

from chengxin.catalogue.model import Disclosure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from chengxin.catalogue.model import Field, Item

_DISCLOSURE_ZH = {
    Disclosure.PUBLIC: "公开",
    Disclosure.SHARED: "政务共享",
    Disclosure.RESTRICTED: "授权查询",
    Disclosure.NEVER: "不公开",
}

Change = Literal["added", "removed", "changed"]
_CHANGE = {"added": "新增 added", "removed": "删除 removed", "changed": "变更 changed"}
_PART = {
    "item": "事项 item",
    "field": "字段 field",
    "one_of": "择一组 one-of group",
    "legal_basis": "依据 legal basis",
    "generation": "字段版本 generation",
    "version": "目录版本 version",
    "role": "角色 role",
    "retention": "保存期限 retention",
}


@dataclass(frozen=True)
class Difference:
    """One difference between two items.

    Attributes:
        change: ``added``, ``removed`` or ``changed``.
        part: what it concerns: item, field, one_of, legal_basis, generation, version, role or retention.
        key: which one, e.g. the field's key; empty for the item itself.
        attribute: what about it, for a change; empty for an addition or a removal.
        before: the old value as text, empty for an addition.
        after: the new value as text, empty for a removal.
    """

    change: Change
    part: str
    key: str
    attribute: str
    before: str
    after: str


def diff(a: Item, b: Item) -> tuple[Difference, ...]:
    """What changed from one item to another: two versions of one, two items, or two files read apart.

    The order of fields is no difference; ``diff(a, a)`` is empty, and ``diff(b, a)`` has the same entries
    with before and after exchanged.
    """
    own = (
        "key",
        "name",
        "name_en",
        "description",
        "nature",
        "subject_kinds",
        "double_publicity",
        "disclosure",
    )
    found = [
        Difference("changed", "item", "", name, _text(getattr(a, name)), _text(getattr(b, name)))
        for name in (*own, "ignored_headers")
        if getattr(a, name) != getattr(b, name)
    ]
    found += _compare("field", {one.key: one for one in a.fields}, {one.key: one for one in b.fields})
    found += _compare("one_of", {one.key: one for one in a.one_of}, {one.key: one for one in b.one_of})
    found += _compare(
        "legal_basis",
        {f"{one.name} {one.article}": one for one in a.legal_bases},
        {f"{one.name} {one.article}": one for one in b.legal_bases},
    )
    found += _compare("generation", {one.key: one for one in a.generations}, {one.key: one for one in b.generations})
    found += _compare(
        "version",
        {str(one.version): one for one in a.versions},
        {str(one.version): one for one in b.versions},
    )
    found += _attributes("role", "", a.roles, b.roles)
    found += _attributes("retention", "", a.retention, b.retention)
    return tuple(found)


def _compare(part: str, before: Mapping[str, object], after: Mapping[str, object]) -> list[Difference]:
    found = [Difference("removed", part, key, "", _title(before[key]), "") for key in before if key not in after]
    found += [Difference("added", part, key, "", "", _title(after[key])) for key in after if key not in before]
    for key, one in before.items():
        if key in after:
            found += _attributes(part, key, one, after[key])
    return found


def _attributes(part: str, key: str, before: object, after: object) -> list[Difference]:
    """Compare two values of one dataclass attribute by attribute."""
    names = [one.name for one in fields(before)]  # type: ignore[arg-type]
    return [
        Difference("changed", part, key, name, _text(getattr(before, name)), _text(getattr(after, name)))
        for name in names
        if getattr(before, name) != getattr(after, name)
    ]


def _title(value: object) -> str:
    """How an added or removed part is called: its label, name or source."""
    for name in ("label", "name", "source"):
        found = getattr(value, name, "")
        if found:
            return str(found)
    return str(value)


def _text(value: object) -> str:
    """A value as one line of text, sets sorted so that equal values read the same."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "—"
    if hasattr(value, "items"):
        return "; ".join(f"{key}: {_text(one)}" for key, one in sorted(value.items())) or "—"
    return str(value)


def render_diff(differences: Sequence[Difference]) -> str:
    """The differences as a Markdown table; one sentence when there are none."""
    if not differences:
        return "两者没有差异。 / No difference.\n"
    rows = [
        (
            _CHANGE[one.change],
            _PART[one.part],
            " ".join(filter(None, (one.key, one.attribute))),
            one.before,
            one.after,
        )
        for one in differences
    ]
    head = ("变化 Change", "部分 Part", "名称 Name", "原值 Before", "新值 After")
    return _table(head, rows)


def render_show(item: Item) -> str:
    """An item as Markdown, in Chinese and English: what it is, its legal bases, its fields, its periods."""
    double = "是 yes" if item.double_publicity else "否 no"
    years = "—" if item.retention_years is None else str(item.retention_years)
    lines = [
        f"# {item.name} {item.name_en} (`{item.key}`)",
        "",
        item.description,
        "",
        f"- 主体 Subjects: {', '.join(item.subject_kinds)}",
        f"- 性质 Nature: {item.nature}",
        f"- 双公示 Double publicity: {double}",
        f"- 默认公开属性 Default disclosure: {_DISCLOSURE_ZH[item.disclosure]} {item.disclosure}",
        f"- 保存年限 Years kept: {years}, {item.retention.counted_from} ({item.retention.source})",
        "",
        "## 依据 Legal bases",
        "",
        _table(
            ("名称 Name", "条款 Article", "文号 Number", "层级 Rank", "有效期 In force"),
            [
                (one.name, one.article, one.number, one.kind, _period(one.from_day, one.until_day))
                for one in item.legal_bases
            ],
        ),
        "## 字段版本 Generations",
        "",
        _table(
            ("版本 Key", "时间 Current", "来源 Source", "说明 Note"),
            [(one.key, _period(one.from_day, one.until_day), one.source, one.note) for one in item.generations],
        ),
        "## 字段 Fields",
        "",
        _table(
            (
                "键 Key",
                "名称 Label",
                "英文 English",
                "类型 Type",
                "长度 Length",
                "必填 Required",
                "公开 Disclosure",
            ),
            [_field_row(one) for one in item.fields],
        ),
        *_groups(item),
    ]
    return "\n".join(lines)


def _field_row(one: Field) -> tuple[str, ...]:
    kind = f"{one.type} {one.code_set or one.unit or ''}".strip()
    required = ", ".join(sorted(one.required))
    if one.required_if:
        conditions = "/".join(one.required_if.values)
        required = f"{required} {one.required_if.field} = {conditions}".strip()
    shown = f"{_DISCLOSURE_ZH[one.disclosure]} {one.disclosure}"
    if one.public_for is not None:
        shown += f" ({', '.join(one.public_for)})"
    if not one.keep:
        shown += "，不保存 not stored"
    return (one.key, one.label, one.label_en, kind, str(one.max_length or ""), required, shown)


def _groups(item: Item) -> list[str]:
    return [f"- {one.label} {one.label_en}: {', '.join(one.fields)}" for one in item.one_of] + [""]


def _period(first: date, last: date | None) -> str:
    return f"{first} – {last or '至今 now'}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; pipes and line breaks inside cells are escaped."""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(" ".join(str(one).replace("|", "\\|").split()) for one in cells) + " |"

    return "\n".join([line(head), "|" + " --- |" * len(head), *map(line, rows)]) + "\n"
