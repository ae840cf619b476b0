"""The access matrix, read from ``access.yaml``: which duty may do which operation, and what needs two officers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Duty:
    """A duty of officers (岗位).

    ``oversight`` duties (auditor, administrator, security) are held alone, by one officer each; ``everywhere`` duties
    act for every organisation.
    """

    key: str
    name: str
    name_en: str
    oversight: bool
    everywhere: bool


@dataclass(frozen=True)
class Operation:
    """One thing that can be done: who may, whether an API client may be granted it, whether it needs four eyes."""

    key: str
    name: str
    name_en: str
    roles: frozenset[str]
    clients: bool
    four_eyes: bool


@dataclass(frozen=True)
class Matrix:
    """Duties and operations by key, in the order of the file; an approval ends after ``approval_hours``."""

    duties: Mapping[str, Duty]
    operations: Mapping[str, Operation]
    approval_hours: int

    def allowed(self, roles: Iterable[str]) -> frozenset[str]:
        """Return the operations that somebody with these duties may do; a duty nobody knows adds nothing."""
        held = set(roles)
        return frozenset(key for key, one in self.operations.items() if one.roles & held)

    def everywhere(self, roles: Iterable[str]) -> bool:
        """Return whether one of these duties acts for every organisation."""
        return any(role in self.duties and self.duties[role].everywhere for role in roles)

    def operation(self, key: str) -> Operation:
        """Return the operation, or raise ``ChengxinError`` naming those that exist."""
        if key not in self.operations:
            raise ChengxinError(
                "unknown_operation",
                f"没有操作“{key}”，可用的有：{'、'.join(self.operations)}",
                f"there is no operation {key!r}; there are: {', '.join(self.operations)}",
                where=key,
            )
        return self.operations[key]

    def require_separate(self, roles: Iterable[str]) -> None:
        """Raise ``ChengxinError`` for a duty that does not exist or an oversight duty together with any other.

        Source: GB/T 22239-2019 8.1.10.2 asks for separate system, audit and security administrators (三员分立).
        """
        held = tuple(dict.fromkeys(roles))
        for role in held:
            if role not in self.duties:
                raise ChengxinError(
                    "unknown_role",
                    f"没有岗位“{role}”，可用的有：{'、'.join(self.duties)}",
                    f"there is no role {role!r}; there are: {', '.join(self.duties)}",
                    where=role,
                )
        alone = [self.duties[role] for role in held if self.duties[role].oversight]
        if alone and len(held) > 1:
            raise ChengxinError(
                "duties_not_separate",
                f"{alone[0].name}不能兼任其他岗位，请把岗位分给不同的人",
                f"the {alone[0].name_en} holds no other duty: give the duties to different people",
                where=alone[0].key,
            )


@cache
def load_matrix() -> Matrix:
    """Return the package's access matrix.

    Raises:
        ChengxinError: an operation names a duty that does not exist, or a mark is neither true nor false.
    """
    text = (resources.files("chengxin.accounts") / "access.yaml").read_text(encoding="utf-8")
    return read_matrix(yaml.safe_load(text))


def read_matrix(held: dict[str, Any]) -> Matrix:
    """Return the matrix of the file's content; see ``load_matrix`` for errors."""
    duties = {
        key: Duty(key, one["name"], one["en"], one["kind"] == "oversight", _mark(key, one, "everywhere"))
        for key, one in held["duties"].items()
    }
    operations: dict[str, Operation] = {}
    for key, one in held["operations"].items():
        strange = set(one["roles"]) - set(duties)
        if strange:
            raise _wrong(key, "roles", "、".join(sorted(strange)))
        operations[key] = Operation(
            key,
            one["name"],
            one["en"],
            frozenset(one["roles"]),
            _mark(key, one, "clients"),
            _mark(key, one, "four_eyes"),
        )
    hours = held["approval"]["valid_hours"]
    if type(hours) is not int or hours < 1:
        raise _wrong("approval", "valid_hours", str(hours))
    return Matrix(duties, operations, hours)


def _mark(key: str, one: Mapping[str, Any], name: str) -> bool:
    value = one.get(name, False)
    if not isinstance(value, bool):
        raise _wrong(key, name, str(value))
    return value


def _wrong(key: str, name: str, value: str) -> ChengxinError:
    return ChengxinError(
        "access_matrix_wrong",
        f"权限表中 {key} 的 {name} 不对：{value}，请改正 access.yaml",
        f"{name} of {key} in the access matrix is wrong: {value}; mend access.yaml",
        where=key,
    )
