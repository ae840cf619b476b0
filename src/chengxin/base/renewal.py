"""New passwords for the roles of the embedded database, while it is used: nobody who is connected notices.

A process of the platform gets an address without a password and a file to read it from (libpq's ``passfile``), so it
opens later connections with whatever password holds by then. A renewal is one transaction for all roles. What it is
going to do lies in ``secrets.coming.json`` before it begins, so that a process that is killed in the middle leaves
nothing undecided: whoever comes next asks the database which passwords hold, and finishes or forgets it.

Everything here runs under the lock that starts of the server are made under (``start.lock``): a start sets the roles'
passwords, too.
"""

from __future__ import annotations

import json
import os
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg
from psycopg import sql

from chengxin.base.config import DATABASE, ROLES, Secrets, embedded_url, read_secrets, socket_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COMING = "secrets.coming.json"
"""What a renewal that has begun is going to put into force; there only while it runs, or after it was killed."""

PLACE = "passwords"

REFUSED = "password authentication failed"
"""PostgreSQL's words for a wrong password; the cluster's messages are English (``initdb --locale=C``)."""

LOCK_PATIENCE = "5s"
"""How long the transaction waits for another one that changes roles; new connections wait for it meanwhile."""


def pass_file(folder: Path, role: str) -> Path:
    """Return the file in which the processes of ``role`` find their password (libpq's form, mode 0600)."""
    return folder / PLACE / f"{role}.pgpass"


def lasting_url(folder: Path, role: str, database: str = DATABASE) -> str:
    """Return the embedded server's address for ``role`` with the password's file instead of the password."""
    host = quote(os.fsencode(socket_folder(folder)), safe="")
    path = quote(os.fsencode(pass_file(folder, role)), safe="")
    return f"postgresql://chengxin_{role}@{host}/{database}?passfile={path}"


def write_pass_files(folder: Path, held: Secrets) -> None:
    """Write the files of all roles that are not right yet; each changes whole or not at all."""
    place = folder / PLACE
    place.mkdir(mode=0o700, exist_ok=True)
    _as_owner(place, folder)
    for role in ROLES:
        path, line = pass_file(folder, role), f"*:*:*:chengxin_{role}:{held.passwords[role]}\n"
        if not path.exists() or path.read_text(encoding="utf-8") != line:
            _write(path, line, folder)


def renew_passwords(folder: Path, others: Mapping[str, str] | None = None, *, coming: Secrets | None = None) -> None:
    """Give every role of the running embedded server of ``folder`` a new random password.

    Args:
        folder: The data folder; the caller holds its ``start.lock``.
        others: Passwords of further roles (name -> password) that follow from ``coming``; set where the role exists.
        coming: The secrets to put into force, by default new ones (``new_passwords``).

    Raises:
        psycopg.Error: The database is away or did not take them; the old ones hold then.
    """
    held = read_secrets(folder)
    new = coming or new_passwords(held)
    _write(folder / COMING, _as_text(new), folder)
    change_roles(embedded_url(folder, "superuser", held, "postgres"), new, others or {})
    _put_into_force(folder, new)


def settle_passwords(folder: Path) -> bool:
    """Finish or forget a renewal that was killed; return whether there was one. The server has to be running.

    Raises ``psycopg.OperationalError`` when the database is away: then nothing is decided.
    """
    path = folder / COMING
    try:
        coming = _read(path)
    except FileNotFoundError:
        return False
    if coming is not None and _opens(embedded_url(folder, "superuser", coming, "postgres")):
        _put_into_force(folder, coming)
    else:
        path.unlink()  # it never got as far as the database, and the old passwords hold
    return True


def new_passwords(held: Secrets) -> Secrets:
    """Return new random passwords (192 bits each) beside the signing key as it is."""
    return Secrets(held.web_key, {role: secrets.token_urlsafe(24) for role in held.passwords})


def change_roles(superuser_url: str, new: Secrets, others: Mapping[str, str]) -> None:
    """Set the passwords of all roles at once. The server is sent their SCRAM verifiers: no log can hold a password."""
    roles = {"postgres": new.passwords["superuser"]} | {f"chengxin_{role}": new.passwords[role] for role in ROLES}
    with psycopg.connect(superuser_url) as connection:
        connection.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_PATIENCE])
        present = {str(row[0]) for row in connection.execute("SELECT rolname FROM pg_roles")}
        for name, password in (roles | {one: others[one] for one in others if one in present}).items():
            verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
            connection.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), sql.Literal(verifier.decode()))
            )


def _put_into_force(folder: Path, new: Secrets) -> None:
    write_pass_files(folder, new)
    _write(folder / "secrets.json", _as_text(new), folder)
    (folder / COMING).unlink()


def _opens(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError as error:
        if REFUSED in str(error):
            return False
        raise
    return True


def _as_text(held: Secrets) -> str:
    return json.dumps({"web_key": held.web_key, "passwords": held.passwords}, indent=1)


def _read(path: Path) -> Secrets | None:
    """Return the secrets in ``path``, None where they are not whole: they were never used then."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return Secrets(held["web_key"], {role: held["passwords"][role] for role in ("superuser", *ROLES)})
    except (ValueError, KeyError, TypeError):
        return None


def _write(path: Path, text: str, folder: Path) -> None:
    """Write ``text`` to ``path`` (mode 0600, the owner of ``folder``) so that it is there whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    _as_owner(draft, folder)
    draft.replace(path)


def _as_owner(path: Path, folder: Path) -> None:
    """Let what root made belong to whom the installation belongs, who could not read it otherwise."""
    if os.geteuid() == 0:
        owner = (folder / "secrets.json").stat()
        os.chown(path, owner.st_uid, owner.st_gid)
