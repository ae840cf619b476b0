"""The city's profile: its organisations, its wording and its own holidays, as one YAML file.

Nothing else in the platform knows which city it runs in: another city is another file. The package ships the
rehearsal city ``kunshan``, after 昆政办发〔2017〕84号; every organisation code in it is invented.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from chengxin.base.errors import ChengxinError, NotFound
from chengxin.kernel.calendar import LocalDay
from chengxin.kernel.identifiers import uscc_check_character

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LEVELS = ("city", "town", "village")
"""The three levels of the plan (市、区镇、村（街道、社区）), highest first."""

KINDS = ("department", "district", "town", "community", "external", "court", "centre")
"""What an organisation is; ``external`` is an organ or firm outside the city government (customs, a bank)."""

ITEMS = ("registration", "licence", "penalty")
"""Items an organisation may be set down to hand in."""

BODY_KINDS = ("enterprise", "individual_business", "cooperative", "institution", "social_organisation")
"""Kinds of bodies a registrar may keep the register of."""

CODE_SHAPE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
USCC_SHAPE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}\Z")
REGION_SHAPE = re.compile(r"[0-9]{6}\Z")

T = TypeVar("T")


class CityError(ChengxinError):
    """The city's file is wrong; ``where`` names the file and the place in it."""


@dataclass(frozen=True)
class Organisation:
    """One organisation that hands in, uses or oversees credit information.

    ``code`` is the platform's own stable slug, ``uscc`` the 统一社会信用代码, ``mark`` the word of its
    document numbers (发文机关代字, 昆市监), ``duty`` names its line of work for the rehearsal texts.
    ``until`` is the last day under this name and ``successor`` the code of what followed; a renamed
    organisation may lack the day.
    """

    code: str
    name: str
    name_en: str
    level: str
    kind: str
    uscc: str
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    registers: tuple[str, ...] = ()
    duty: str | None = None
    mark: str | None = None
    until: date | None = None
    successor: str | None = None
    note: str = ""

    @property
    def registrar(self) -> bool:
        """Whether it keeps a register of bodies (登记管理机关)."""
        return bool(self.registers)

    def active_on(self, day: date) -> bool:
        """Return whether it bears this name on ``day``; one renamed on a day not recalled counts as gone."""
        if self.until is not None:
            return day <= self.until
        return self.successor is None


@dataclass(frozen=True)
class Wording:
    """Names and notices the pages show, Chinese and English."""

    site_name: str
    site_name_en: str
    centre_name: str
    centre_name_en: str
    rehearsal_banner: str
    rehearsal_banner_en: str


@dataclass(frozen=True)
class City:
    """A city as its file describes it.

    ``region_code`` is its six-digit GB/T 2260 code; ``local_days`` are the days it works or rests against the
    national notice, for the kernel's ``WorkCalendar``; ``mark`` opens its document numbers (昆).
    """

    key: str
    name: str
    name_short: str
    name_en: str
    region_code: str
    region_note: str
    province: str
    prefecture: str
    mark: str
    source: str
    uscc_note: str
    wording: Wording
    organisations: tuple[Organisation, ...]
    local_days: tuple[LocalDay, ...] = ()

    @cached_property
    def _index(self) -> Mapping[str, Organisation]:
        return {key: each for each in self.organisations for key in (each.code, each.uscc)}

    def organisation(self, code_or_uscc: str) -> Organisation:
        """Return the organisation with this slug or 统一社会信用代码; raise ``NotFound`` if none."""
        found = self._index.get(code_or_uscc)
        if found is None:
            raise NotFound(
                "organisation_unknown",
                f"{self.name}没有代码为“{code_or_uscc}”的单位，请核对单位代码或统一社会信用代码",
                f"{self.name_en} has no organisation with the code '{code_or_uscc}'; check the code",
                where=code_or_uscc,
            )
        return found

    def children(self, code: str) -> tuple[Organisation, ...]:
        """Return the organisations directly under ``code``, in the file's order."""
        return tuple(each for each in self.organisations if each.parent == code)

    def at_level(self, level: str) -> tuple[Organisation, ...]:
        """Return the organisations of one of ``LEVELS``."""
        return tuple(each for each in self.organisations if each.level == level)

    def registrars(self) -> tuple[Organisation, ...]:
        """Return the organisations that keep a register of bodies."""
        return tuple(each for each in self.organisations if each.registrar)

    def handing_in(self, item: str) -> tuple[Organisation, ...]:
        """Return the organisations set down to hand in ``item``."""
        return tuple(each for each in self.organisations if item in each.items)


class _StrictLoader(yaml.SafeLoader):
    """YAML without surprises: a key written twice is an error, not the last one's victory."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002 - the parent's signature
    ) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.MarkedYAMLError(problem="a key must be plain text", problem_mark=key_node.start_mark)
            if key in seen:
                said = f"key {key!r} is written twice"
                raise yaml.MarkedYAMLError(problem=said, problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def read_yaml(text: str, name: str) -> Any:  # noqa: ANN401 - YAML holds anything; the caller checks it
    """Return what a YAML ``text`` holds; raise ``CityError`` for broken YAML and for keys written twice.

    Args:
        text: The YAML.
        name: The file's name, for the error.
    """
    try:
        return yaml.load(text, _StrictLoader)  # noqa: S506 - a SafeLoader underneath
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark is not None else name
        raise CityError(
            "yaml_broken",
            f"{where} 不是正确的 YAML：{getattr(error, 'problem', error)}，请改正后重试",
            f"{where} is not proper YAML: {getattr(error, 'problem', error)}",
            where=where,
        ) from error


class _Reader:
    """Takes keys out of one mapping of the file and complains about what is missing, wrong or left over."""

    def __init__(self, held: object, where: str) -> None:
        self.where = where
        if not isinstance(held, dict):
            raise _wrong(where, "应为键值表", "must be a mapping")
        self.held: dict[str, object] = dict(held)

    def take(self, key: str, kind: type[T]) -> T:
        if key not in self.held:
            raise _wrong(f"{self.where}.{key}", "缺少这一项", "is missing")
        value = self.held.pop(key)
        if type(value) is not kind:
            raise _wrong(f"{self.where}.{key}", f"类型不对（{value!r}）", f"has the wrong type ({value!r})")
        if value == "":
            raise _wrong(f"{self.where}.{key}", "不能为空", "must not be empty")
        return value

    def maybe(self, key: str, kind: type[T]) -> T | None:
        return self.take(key, kind) if key in self.held else None

    def shaped(self, key: str, shape: re.Pattern[str]) -> str:
        value = self.take(key, str)
        if not shape.match(value):
            raise _wrong(f"{self.where}.{key}", f"“{value}”写法不对", f"'{value}' has the wrong shape")
        return value

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        value = self.take(key, str)
        if value not in allowed:
            raise _not_allowed(f"{self.where}.{key}", value, allowed)
        return value

    def words(self, key: str, allowed: tuple[str, ...] | None = None) -> tuple[str, ...]:
        values = self.maybe(key, list) or []
        for value in values:
            if not isinstance(value, str):
                raise _wrong(f"{self.where}.{key}", f"应全是文字（{value!r}）", f"must hold text only ({value!r})")
            if allowed is not None and value not in allowed:
                raise _not_allowed(f"{self.where}.{key}", value, allowed)
        return tuple(values)

    def end(self) -> None:
        if self.held:
            extra = "、".join(sorted(map(str, self.held)))
            raise _wrong(self.where, f"有不认识的项：{extra}", f"has unknown keys: {extra}")


def _wrong(where: str, zh: str, en: str) -> CityError:
    return CityError(
        "city_file_wrong", f"城市文件 {where}：{zh}，请改正后重试", f"city file: {where} {en}", where=where
    )


def _not_allowed(where: str, value: str, allowed: Iterable[str]) -> CityError:
    names = ", ".join(allowed)
    return _wrong(where, f"“{value}”不在允许的值里（{names}）", f"'{value}' is not one of {names}")


def _read_uscc(reader: _Reader) -> str:
    """Return the organisation's code; a wrong check character is a slip of the pen and is refused."""
    code = reader.shaped("uscc", USCC_SHAPE)
    if uscc_check_character(code[:17]) != code[17]:
        place = f"{reader.where}.uscc"
        raise _wrong(place, f"“{code}”的校验码不对，请核对每一位", f"'{code}' fails its check character")
    return code


def _read_organisation(held: object, where: str) -> Organisation:
    reader = _Reader(held, where)
    made = Organisation(
        code=reader.shaped("code", CODE_SHAPE),
        name=reader.take("name", str),
        name_en=reader.take("name_en", str),
        level=reader.choice("level", LEVELS),
        kind=reader.choice("kind", KINDS),
        uscc=_read_uscc(reader),
        parent=reader.maybe("parent", str),
        aliases=reader.words("aliases"),
        items=reader.words("items", ITEMS),
        registers=reader.words("registers", BODY_KINDS),
        duty=reader.maybe("duty", str),
        mark=reader.maybe("mark", str),
        until=reader.maybe("until", date),
        successor=reader.maybe("successor", str),
        note=reader.maybe("note", str) or "",
    )
    reader.end()
    return made


def _read_day(held: object, where: str) -> LocalDay:
    reader = _Reader(held, where)
    made = LocalDay(reader.take("day", date), reader.take("working", bool), reader.take("source", str))
    reader.end()
    return made


def _read_wording(held: object, where: str) -> Wording:
    reader = _Reader(held, where)
    names = tuple(Wording.__dataclass_fields__)
    made = Wording(**{name: reader.take(name, str) for name in names})
    reader.end()
    return made


def _read_city(held: object, where: str) -> City:
    reader = _Reader(held, where)
    texts = (
        "name",
        "name_short",
        "name_en",
        "region_note",
        "province",
        "prefecture",
        "mark",
        "source",
        "uscc_note",
    )
    made = City(
        key=reader.shaped("key", CODE_SHAPE),
        region_code=reader.shaped("region_code", REGION_SHAPE),
        wording=_read_wording(reader.take("wording", dict), f"{where}: wording"),
        organisations=tuple(
            _read_organisation(each, f"{where}: organisations[{number}]")
            for number, each in enumerate(reader.take("organisations", list))
        ),
        local_days=tuple(
            _read_day(each, f"{where}: local_days[{number}]")
            for number, each in enumerate(reader.take("local_days", list))
        ),
        **{name: reader.take(name, str) for name in texts},
    )
    reader.end()
    _check(made, where)
    return made


def _check(city: City, where: str) -> None:
    """Raise ``CityError`` where organisations clash or point at nobody, or a register has two keepers."""
    by_code: dict[str, Organisation] = {}
    taken: dict[str, str] = {}
    for each in city.organisations:
        names = {each.name, *each.aliases}
        keepers = {f"register of {kind}" for kind in each.registers}
        for key in (each.code, each.uscc, *names, *keepers):
            if key in taken:
                place = f"{where}: {each.code}"
                raise _wrong(place, f"“{key}”已属于 {taken[key]}", f"'{key}' already belongs to {taken[key]}")
            taken[key] = each.code
        by_code[each.code] = each
    for each in city.organisations:
        place = f"{where}: {each.code}"
        for other in (each.parent, each.successor):
            if other is not None and (other not in by_code or other == each.code):
                raise _wrong(place, f"指向的单位 {other} 不存在", f"points at {other}, which does not exist")
        if each.parent is not None and LEVELS.index(by_code[each.parent].level) > LEVELS.index(each.level):
            raise _wrong(place, f"层级高于上级单位 {each.parent}", f"stands above its parent {each.parent}")
    days = [each.day for each in city.local_days]
    if len(days) != len(set(days)):
        raise _wrong(f"{where}: local_days", "同一天写了两次", "names a day twice")


def load_city(name_or_path: str | Path) -> City:
    """Return the city with this name in the package, or the one in the file at this path.

    Args:
        name_or_path: A name of a shipped city (``kunshan``), or the path of a ``.yaml`` file.

    Raises:
        CityError: There is no such city or file, or the file is wrong; the message says where.
    """
    if isinstance(name_or_path, str) and CODE_SHAPE.match(name_or_path):
        return _shipped(name_or_path)
    path = Path(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CityError(
            "city_file_unreadable",
            f"读不了城市文件 {path}（{error}），请检查路径和编码（UTF-8）",
            f"the city file {path} cannot be read ({error})",
            where=str(path),
        ) from error
    return _read_city(read_yaml(text, path.name), path.name)


@lru_cache(maxsize=8)
def _shipped(name: str) -> City:
    found = resources.files("chengxin.base") / "cities" / f"{name}.yaml"
    if not found.is_file():
        raise CityError(
            "city_unknown",
            f"没有名为“{name}”的城市；可用的有：{'、'.join(shipped_cities())}，也可以给出城市文件的路径",
            f"there is no city named '{name}'; there are: {', '.join(shipped_cities())}",
            where=name,
        )
    return _read_city(read_yaml(found.read_text(encoding="utf-8"), f"{name}.yaml"), f"{name}.yaml")


def shipped_cities() -> tuple[str, ...]:
    """Return the names of the cities that ship with the package, sorted."""
    folder = resources.files("chengxin.base") / "cities"
    return tuple(sorted(each.name[:-5] for each in folder.iterdir() if each.name.endswith(".yaml")))
