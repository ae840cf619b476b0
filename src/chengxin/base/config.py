"""Where an installation keeps its things and which database each process may reach.

One process sees one database address. In production each unit's environment carries ``CHENGXIN_DATABASE_URL`` with
that process's own role; with the embedded server the addresses are derived from ``secrets.json`` in the data folder,
which only the installing user can read.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from chengxin.base.credentials import secret_setting
from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLES = ("owner", "worker", "office", "api", "public")
"""The database roles, one per kind of process; ``owner`` migrates and is used by no server."""

_LOG_INS = ("superuser", *ROLES)

DATABASE = "chengxin"


def data_folder() -> Path:
    """Return the folder of this installation's data: ``CHENGXIN_DATA``, or ``var`` under the current folder."""
    return Path(os.environ.get("CHENGXIN_DATA") or "var").resolve()


@dataclass(frozen=True)
class Secrets:
    """The installation's secrets: the web signing key and one password for each database role."""

    web_key: str = field(repr=False)
    passwords: dict[str, str] = field(repr=False)


def read_secrets(folder: Path) -> Secrets:
    """Return the secrets kept in ``folder``; raise ``ChengxinError`` where there are none, or none for this user."""
    path = folder / "secrets.json"
    if not path.exists():
        raise ChengxinError(
            "not_installed",
            f"数据目录 {folder} 里还没有安装平台，请先运行 chengxin demo，或设置 CHENGXIN_DATABASE_URL",
            f"no installation in {folder}: run chengxin demo first, or set CHENGXIN_DATABASE_URL",
            where=str(folder),
        )
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return Secrets(web_key=held["web_key"], passwords={role: held["passwords"][role] for role in _LOG_INS})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ChengxinError(
            "secrets_unreadable",
            f"密钥文件 {path} 读不了或已损坏，请用安装平台的账号运行，或从备份恢复该文件",
            f"the secrets in {path} cannot be read or are damaged: run as the user who installed, or restore the file",
            where=str(path),
        ) from error


def ensure_secrets(folder: Path) -> Secrets:
    """Return the secrets of ``folder``, making them (mode 0600) when there are none.

    They appear whole or not at all and are never overwritten: of two processes that make them, one wins for both.
    """
    path = folder / "secrets.json"
    if not path.exists():
        made = {
            "web_key": secrets.token_urlsafe(48),
            "passwords": {role: secrets.token_urlsafe(24) for role in _LOG_INS},
        }
        draft = path.with_name(f"secrets-{secrets.token_hex(8)}.new")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                json.dump(made, out, indent=1)
                out.flush()
                os.fsync(out.fileno())
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
    return read_secrets(folder)


PROXIES = "CHENGXIN_PROXIES"


def proxies_in_front(environment: Mapping[str, str]) -> int:
    """Return how many proxies of the city stand before the office end (``CHENGXIN_PROXIES``, by default none).

    Raises ``ChengxinError`` for what is no whole number from 0 to 9: it decides whose word about an address counts.
    """
    value = environment.get(PROXIES) or "0"
    if not re.fullmatch("[0-9]", value):
        raise ChengxinError(
            "setting_wrong",
            f"设置 {PROXIES} 是本端前面本市代理服务器的个数，应为 0 到 9 的整数，现在是“{value}”",
            f"the setting {PROXIES} counts the city's proxies in front: a whole number from 0 to 9, not {value!r}",
            where=PROXIES,
        )
    return int(value)


def web_key() -> str:
    """Return the key that signs sessions and forms: ``CHENGXIN_WEB_KEY`` (a credential, too), else the own one."""
    return secret_setting("CHENGXIN_WEB_KEY") or ensure_secrets(_existing(data_folder())).web_key


def _existing(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def database_url(role: str) -> str:
    """Return the database's address for ``role``: the environment's or a credential, else the embedded server's."""
    given = secret_setting("CHENGXIN_DATABASE_URL")
    if given:
        return given
    folder = data_folder()
    return embedded_url(folder, role, read_secrets(_existing(folder)))


def embedded_url(folder: Path, role: str, held: Secrets, database: str = DATABASE) -> str:
    """Return the embedded server's address for ``role`` (``superuser`` included)."""
    user = "postgres" if role == "superuser" else f"chengxin_{role}"
    host = quote(os.fsencode(socket_folder(folder)), safe="")
    return f"postgresql://{user}:{held.passwords[role]}@{host}/{database}"


SOCKET_PATH_LIMIT = 107
"""Bytes a Unix socket's path may have on Linux (unix(7)); ``/.s.PGSQL.5432`` takes 15 of them."""


def socket_folder(folder: Path) -> Path:
    """Return where the embedded server puts its socket: the data folder, or a short private one in its stead.

    The data folder will not do when its path is too long, or has a comma: clients read that as a list of hosts.
    """
    near = folder / "run"
    if len(os.fsencode(near / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT and "," not in str(near):
        return near
    import hashlib  # noqa: PLC0415 - only such installations need it

    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path("/tmp") / f"chengxin-{os.geteuid()}-{digest}"  # noqa: S108 - made 0700 and checked by the starter


def django_database(role: str) -> dict[str, Any]:
    """Return Django's ``DATABASES`` entry for ``role``.

    Prepared statements stay off: a generic plan ignores the bigram index that name search lives on.

    Raises ``ChengxinError`` for an address that libpq cannot read; the address, which holds a password, is not shown.
    """
    try:
        held = conninfo_to_dict(database_url(role))
    except psycopg.ProgrammingError:
        raise ChengxinError(
            "database_address_wrong",
            "数据库地址写错了，请检查 CHENGXIN_DATABASE_URL，例如 postgresql://用户:密码@主机:5432/库名",
            "the database address is wrong: check CHENGXIN_DATABASE_URL (postgresql://user:password@host:5432/name)",
            where="CHENGXIN_DATABASE_URL",
        ) from None
    given = {key: "" if value is None else str(value) for key, value in held.items()}
    search_path = "publication" if role == "public" else "core,publication"
    entry = {key.upper(): given.pop(key, "") for key in ("user", "password", "host", "port")}
    options = f"{given.pop('options', '')} -c search_path={search_path}".strip()
    # An address with a file for the password is one whose password changes while the process runs.
    backend = "chengxin.base.lasting" if "passfile" in given else "chengxin.base.postgres"
    return entry | {
        "ENGINE": backend,
        "NAME": given.pop("dbname", ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"prepare_threshold": None} | given | {"options": options},
    }
