"""The limits of the office end, read from ``access.yaml``: sessions, failed log-ins, uploads."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from chengxin.base.config import proxies_in_front
from chengxin.base.errors import ChengxinError


@dataclass(frozen=True)
class Access:
    """How long a session lasts, how often a log-in may fail, how large an upload may be.

    A session ends after ``session_idle_minutes`` without a request by its officer and after ``session_hours`` in any
    case. ``failed_log_ins`` failures of one account, or from one address, within ``lock_minutes`` lock that account or
    address for ``lock_minutes``; a second factor is shown within ``second_step_minutes`` of the password. What changes
    how an officer logs in needs a log-in no older than ``sensitive_minutes``. The database gets ``connect_seconds`` to
    answer and a statement ``statement_seconds``.
    """

    session_idle_minutes: int
    session_hours: int
    failed_log_ins: int
    lock_minutes: int
    second_step_minutes: int
    sensitive_minutes: int
    upload_megabytes: int
    form_fields: int
    statement_seconds: int
    connect_seconds: int

    @property
    def upload_bytes(self) -> int:
        """Return the largest request in bytes."""
        return self.upload_megabytes * 1024 * 1024


@cache
def load_access() -> Access:
    """Return the limits of ``CHENGXIN_OFFICE_ACCESS`` (a file), else those of the package.

    Raises:
        ChengxinError: a limit is missing or not a positive whole number.
    """
    given = os.environ.get("CHENGXIN_OFFICE_ACCESS")
    path = Path(given) if given else Path(str(resources.files("chengxin.ends.office") / "access.yaml"))
    held: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    found: dict[str, int] = {}
    for field in fields(Access):
        value = held.get(field.name)
        if type(value) is not int or value < 1:
            raise ChengxinError(
                "access_file_wrong",
                f"{path.name} 的 {field.name} 应为正整数",
                f"{field.name} in {path.name} must be a positive whole number",
                where=field.name,
            )
        found[field.name] = value
    return Access(**found)


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
