"""The limits of the office end, read from ``access.yaml``: sessions, failed log-ins, devices, networks, uploads."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from chengxin.accounts.access import load_matrix
from chengxin.base.config import proxies_in_front
from chengxin.base.errors import ChengxinError
from chengxin.ends.office.whereabouts import read_address

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Access:
    """How long a session lasts, how often a log-in may fail, how large an upload may be.

    A session ends after ``session_idle_minutes`` without a request by its officer and after ``session_hours`` in any
    case. ``failed_log_ins`` failures of one account, or from one address, within ``lock_minutes`` lock that account or
    address for ``lock_minutes``; a second factor is shown within ``second_step_minutes`` of the password. What changes
    how an officer logs in needs a log-in no older than ``sensitive_minutes``. A device is known for ``device_days``
    after its last log-in, ``devices_most`` of an officer and of ``devices_in_browser`` officers in one browser; it is
    new for ``new_device_hours``. The pages tell of the log-in before for ``notice_minutes``. Officers with one of the
    ``administration_duties`` act from ``administration_networks`` only, where any are given. The database gets
    ``connect_seconds`` to answer and a statement ``statement_seconds``.
    """

    session_idle_minutes: int
    session_hours: int
    failed_log_ins: int
    lock_minutes: int
    second_step_minutes: int
    sensitive_minutes: int
    device_days: int
    devices_most: int
    devices_in_browser: int
    new_device_hours: int
    notice_minutes: int
    administration_duties: tuple[str, ...]
    administration_networks: tuple[Network, ...]
    upload_megabytes: int
    form_fields: int
    statement_seconds: int
    connect_seconds: int

    @property
    def upload_bytes(self) -> int:
        """Return the largest request in bytes."""
        return self.upload_megabytes * 1024 * 1024

    def may_administer_from(self, address: str) -> bool:
        """Return whether an officer with one of the ``administration_duties`` may act from ``address``."""
        found = read_address(address)
        return not self.administration_networks or any(
            found is not None and found.version == one.version and found in one for one in self.administration_networks
        )


@cache
def load_access() -> Access:
    """Return the limits of ``CHENGXIN_OFFICE_ACCESS`` (a file), else those of the package.

    Raises:
        ChengxinError: a limit is missing or not a positive whole number, or a list is missing, names no known duty or
            no network.
    """
    given = os.environ.get("CHENGXIN_OFFICE_ACCESS")
    path = Path(given) if given else Path(str(resources.files("chengxin.ends.office") / "access.yaml"))
    held: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    found: dict[str, Any] = {}
    for field in fields(Access):
        value = held.get(field.name)
        if field.name == "administration_duties":
            found[field.name] = _duties(value, path.name)
        elif field.name == "administration_networks":
            found[field.name] = _networks(value, path.name)
        elif type(value) is not int or value < 1:
            raise _wrong(path.name, field.name, "应为正整数", "must be a positive whole number")
        else:
            found[field.name] = value
    return Access(**found)


def _duties(value: object, name: str) -> tuple[str, ...]:
    """Return the duties of a list that names known ones only."""
    known = load_matrix().duties
    if not isinstance(value, list) or any(one not in known for one in value):
        raise _wrong(name, "administration_duties", "应为岗位列表", "must be a list of duties")
    return tuple(value)


def _networks(value: object, name: str) -> tuple[Network, ...]:
    """Return the networks of a list in CIDR notation; bits behind the prefix are a mistake and refused."""
    wanted = "应为网段列表，例如 [10.20.0.0/16]", "must be a list of networks such as [10.20.0.0/16]"
    if not isinstance(value, list):
        raise _wrong(name, "administration_networks", *wanted)
    try:
        return tuple(ipaddress.ip_network(str(one)) for one in value)
    except ValueError as error:
        raise _wrong(name, "administration_networks", *wanted) from error


def _wrong(name: str, field: str, zh: str, en: str) -> ChengxinError:
    return ChengxinError("access_file_wrong", f"{name} 的 {field} {zh}", f"{field} in {name} {en}", where=field)


def trusted_proxies() -> int:
    """Return how many proxies of the city stand before this process; raise ``ChengxinError`` for what is no number."""
    return proxies_in_front(os.environ)


def second_factor_required() -> bool:
    """Return whether every officer needs a second factor (``CHENGXIN_SECOND_FACTOR``).

    ``required`` is the default, after GB/T 22239-2019 8.1.4.1 d) (two kinds of factors, one of them cryptographic) and
    OWASP ASVS 5.0, 6.3.3. ``optional`` is for rehearsals with invented data: who has one is asked for it all the same.

    Raises ``ChengxinError`` for any other value: a misspelt setting must not open the door.
    """
    value = os.environ.get("CHENGXIN_SECOND_FACTOR") or "required"
    if value not in {"required", "optional"}:
        raise ChengxinError(
            "setting_wrong",
            f"设置 CHENGXIN_SECOND_FACTOR 只能是 required 或 optional，现在是“{value}”",
            f"the setting CHENGXIN_SECOND_FACTOR is required or optional, not {value!r}",
            where="CHENGXIN_SECOND_FACTOR",
        )
    return value == "required"
