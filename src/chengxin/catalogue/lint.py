"""The lint: what makes an item unfit to be collected, each reason with a code and a sentence.

It stands for 国办发〔2020〕49号 (nothing outside the catalogue and its bases), 《个人信息保护法》 and peer
credit regulations. It has no switch: a city that needs an item brings its statute.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chengxin.catalogue.folding import fold_header
from chengxin.catalogue.model import HUMAN, Disclosure, FieldType, Nature, SubjectKind
from chengxin.catalogue.safeguards import field_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from chengxin.catalogue.loader import Catalogue
    from chengxin.catalogue.model import Field, Item


@dataclass(frozen=True)
class LintProblem:
    """One reason why an item is refused.

    Attributes:
        code: stable name of the reason.
        item: key of the item.
        field: key of the field, or None when the item as a whole is meant.
        message_zh: what is wrong and what to do, in Chinese.
        message_en: the same in English.
    """

    code: str
    item: str
    field: str | None
    message_zh: str
    message_en: str


@dataclass(frozen=True)
class _Case:
    """One item under examination on a day."""

    catalogue: Catalogue
    item: Item
    on: date

    def problem(self, code: str, field: str | None, message_zh: str, message_en: str) -> LintProblem:
        return LintProblem(code, self.item.key, field, message_zh, message_en)


def lint(catalogue: Catalogue, on: date) -> tuple[LintProblem, ...]:
    """Examine every item as of a day; an empty answer means that all may be collected.

    Args:
        catalogue: the catalogue to examine.
        on: the legal day (Asia/Shanghai) on which bases must be in force.
    """
    return tuple(
        problem for item in catalogue.items for check in CHECKS for problem in check(_Case(catalogue, item, on))
    )


def _statutory_basis(case: _Case) -> Iterator[LintProblem]:
    """``no_statutory_basis``: a law, regulation, state document or local regulation must be in force."""
    enough = case.catalogue.safeguards.statutory_kinds
    if not any(basis.kind in enough for basis in case.item.bases_in_force(case.on)):
        yield case.problem(
            "no_statutory_basis",
            None,
            f"{case.on} 没有现行有效的法律、法规或党中央、国务院文件作为依据，不得归集；请补充依据或停用该事项。",
            f"No law, regulation or state document is in force on {case.on}; add a basis or retire the item.",
        )


def _forbidden_content(case: _Case) -> Iterator[LintProblem]:
    """``forbidden_item``, ``forbidden_field``, ``unknown_content_kind``: content nobody may collect."""
    safeguards = case.catalogue.safeguards
    declared = {one.key for one in safeguards.content_kinds}
    human = HUMAN & set(case.item.subject_kinds)
    for kind in safeguards.forbidden:
        if not kind.applies_to(case.item):
            continue
        if kind.items and human and kind.found_in(case.item.name, case.item.name_en, case.item.key):
            yield case.problem(
                "forbidden_item",
                None,
                f"事项涉及禁止归集的内容“{kind.name}”，请删除该事项。",
                f"The item is about {kind.name_en}, which may not be collected; remove it.",
            )
        for field in case.item.fields:
            name = field.label if field.content_kind == kind.key else kind.found_in(*field_names(field))
            if name is not None:
                yield case.problem(
                    "forbidden_field",
                    field.key,
                    f"字段“{field.label}”（{name}）属于禁止归集的内容“{kind.name}”，请删除该字段。",
                    f"Field '{field.key}' ({name}) is {kind.name_en}, which may not be collected; remove it.",
                )
    for field in case.item.fields:
        if field.content_kind is not None and field.content_kind not in declared:
            yield case.problem(
                "unknown_content_kind",
                field.key,
                f"内容类型“{field.content_kind}”没有定义，可用：{'、'.join(sorted(declared))}。",
                f"Content kind '{field.content_kind}' is not defined; known: {', '.join(sorted(declared))}.",
            )


def _protected_content(case: _Case) -> Iterator[LintProblem]:
    """``personal_data_public``: identity numbers, addresses and telephones of persons are not published."""
    for kind in case.catalogue.safeguards.protected:
        for field in case.item.fields:
            if field.content_kind != kind.key and not kind.found_in(*field_names(field)):
                continue
            exposed = [
                one for one in case.item.subject_kinds if one in kind.never_public_for and field.is_public_for(one)
            ]
            if exposed:
                yield case.problem(
                    "personal_data_public",
                    field.key,
                    f"字段“{field.label}”属于“{kind.name}”，不得对 {'、'.join(exposed)} 公开；"
                    "请改为不公开，或用 public_for 限定。",
                    f"Field '{field.key}' is a {kind.name_en} and may not be public for "
                    f"{', '.join(exposed)}; do not disclose it, or narrow it with public_for.",
                )


def _natural_persons(case: _Case) -> Iterator[LintProblem]:
    """``person_*``: an item open to natural persons is unpublished, ordered by a statute, and short-lived.

    That nothing scores, ranks or counts them is among the forbidden content.
    """
    item, limit = case.item, case.catalogue.safeguards.person_years
    if SubjectKind.NATURAL_PERSON not in item.subject_kinds:
        return
    public = [field for field in item.fields if field.is_public_for(SubjectKind.NATURAL_PERSON)]
    if item.disclosure is Disclosure.PUBLIC or public:
        names = "、".join(f"“{field.label}”" for field in public) or "默认公开属性"
        names_en = ", ".join(field.key for field in public) or "the default disclosure"
        yield case.problem(
            "person_published",
            public[0].key if public else None,
            f"面向自然人的事项不得公开：{names}，请改为政务共享或授权查询。",
            f"Nothing about natural persons is published: {names_en}; share it or restrict it instead.",
        )
    enough = case.catalogue.safeguards.statutory_kinds
    if not any(basis.organs and basis.kind in enough for basis in item.bases_in_force(case.on)):
        yield case.problem(
            "person_without_named_organs",
            None,
            "面向自然人的事项须有法律、法规明确由哪些机关使用，请在依据中填写 organs。",
            "An item about natural persons needs a statute that names the organs; fill in 'organs'.",
        )
    if item.retention_years is not None and item.retention_years > limit:
        yield case.problem(
            "person_kept_too_long",
            None,
            f"面向自然人的事项保存 {item.retention_years} 年，超过上限 {limit} 年，请缩短。",
            f"Kept {item.retention_years} years, above the cap of {limit} for natural persons; shorten it.",
        )


def _retention(case: _Case) -> Iterator[LintProblem]:
    """``retention_missing``, ``retention_over_cap``: nothing is kept for ever, negative facts five years."""
    years, limit = case.item.retention_years, case.catalogue.safeguards.negative_years
    if years is None:
        yield case.problem(
            "retention_missing",
            None,
            "没有规定保存期限，请填写 retention.years。",
            "No retention period is stated; fill in retention.years.",
        )
    elif case.item.nature is Nature.NEGATIVE and years > limit:
        yield case.problem(
            "retention_over_cap",
            None,
            f"负面信息保存 {years} 年，超过上限 {limit} 年，请缩短。",
            f"Negative facts are kept for {years} years, above the cap of {limit}; shorten it.",
        )


def _code_sets(case: _Case) -> Iterator[LintProblem]:
    """``unknown_code_set``: a coded field names a code set of the catalogue."""
    known = [one.key for one in case.catalogue.code_sets]
    for field in case.item.fields:
        if field.code_set not in known and (field.code_set is not None or field.type is FieldType.ENUM):
            yield case.problem(
                "unknown_code_set",
                field.key,
                f"字段“{field.label}”的代码集“{field.code_set or '（未填写）'}”不存在，可用：{'、'.join(known)}。",
                f"Code set '{field.code_set or '(none)'}' of field '{field.key}' does not exist; "
                f"known: {', '.join(known)}.",
            )


def _aliases(case: _Case) -> Iterator[LintProblem]:
    """``alias_clash``, ``required_without_alias``: one name means one field, a needed field has a name."""
    for generation in case.item.generations:
        seen: dict[str, str] = {fold_header(one).key: "(ignored)" for one in case.item.ignored_headers}
        for field in case.item.fields:
            for name in field.names_in(generation.key):
                first = seen.setdefault(fold_header(name).key, field.key)
                if first != field.key:
                    yield case.problem(
                        "alias_clash",
                        field.key,
                        f"{generation.key} 中列名“{name}”同时表示 {first} 和 {field.key}，请只保留一处。",
                        f"In {generation.key} header '{name}' means both {first} and {field.key}; keep one.",
                    )
            if generation.key in field.required and not field.names_in(generation.key):
                yield case.problem(
                    "required_without_alias",
                    field.key,
                    f"字段“{field.label}”在 {generation.key} 中必填，却没有列名，请补充 aliases。",
                    f"Field '{field.key}' is required in {generation.key} and has no header name; add one.",
                )


def _references(case: _Case) -> Iterator[LintProblem]:
    """``role_unknown_field``, ``unknown_field``, ``unknown_condition_value``: references to nothing."""
    known = {field.key: field for field in case.item.fields}
    for role, key in case.item.roles.as_dict().items():
        if key is not None and key not in known:
            yield case.problem(
                "role_unknown_field",
                key,
                f"角色 {role} 指向不存在的字段 {key}，请更正 roles。",
                f"Role '{role}' points to field '{key}', which does not exist; correct roles.",
            )
    groups = [(one.key, key) for one in case.item.one_of for key in one.fields]
    conditions = [(one.key, one.required_if.field) for one in case.item.fields if one.required_if]
    for where, key in groups + conditions:
        if key not in known:
            yield case.problem(
                "unknown_field",
                key,
                f"{where} 引用了不存在的字段 {key}，请更正。",
                f"'{where}' refers to field '{key}', which does not exist; correct it.",
            )
    for field in case.item.fields:
        yield from _condition_values(case, field, known)


def _condition_values(case: _Case, field: Field, known: dict[str, Field]) -> Iterator[LintProblem]:
    condition = field.required_if
    if condition is None or condition.field not in known:
        return
    key = known[condition.field].code_set
    code_set = next((one for one in case.catalogue.code_sets if one.key == key), None)
    codes = {value.code for value in code_set.values} if code_set else set()
    for value in condition.values:
        if code_set is not None and value not in codes:
            yield case.problem(
                "unknown_condition_value",
                field.key,
                f"字段“{field.label}”的必填条件用了代码集 {key} 中没有的值 {value}，请更正。",
                f"The condition of '{field.key}' uses '{value}', which code set '{key}' lacks; correct it.",
            )


def _dropped_fields(case: _Case) -> Iterator[LintProblem]:
    """``dropped_field_disclosed``, ``dropped_field_used``: what is not stored is neither shown nor used."""
    used = {key for key in case.item.roles.as_dict().values() if key}
    used |= {key for one in case.item.one_of for key in one.fields}
    for field in case.item.fields:
        if field.keep:
            continue
        if field.disclosure is not Disclosure.NEVER:
            yield case.problem(
                "dropped_field_disclosed",
                field.key,
                f"字段“{field.label}”不予保存（keep: false），公开属性须为 never。",
                f"Field '{field.key}' is not stored (keep: false), so its disclosure must be never.",
            )
        if field.key in used:
            yield case.problem(
                "dropped_field_used",
                field.key,
                f"字段“{field.label}”不予保存（keep: false），不能用于 roles 或 one_of。",
                f"Field '{field.key}' is not stored (keep: false), so no role or group can rest on it.",
            )


CHECKS: tuple[Callable[[_Case], Iterator[LintProblem]], ...] = (
    _statutory_basis,
    _forbidden_content,
    _protected_content,
    _natural_persons,
    _retention,
    _code_sets,
    _aliases,
    _references,
    _dropped_fields,
)
"""Every check, in the order in which problems are listed."""
