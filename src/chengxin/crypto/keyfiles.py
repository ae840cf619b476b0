"""Keys in files: one key a file, written once, never changed, readable by the platform's user alone.

``<purpose>.<version>.key`` holds JSON. The highest version of a purpose is its current key, lower ones are retired:
they still open and verify. Nothing but the existence of files says so, hence rotation is the appearance of one file,
which is atomic. ``purposes.json`` remembers for which purposes keys were made, so that a lost key is noticed and not
replaced.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import json
import os
import re
import secrets
import stat
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from chengxin.base.credentials import is_credential, open_to_others
from chengxin.crypto.errors import KeysUnsafe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OTHERS = 0o077
"""Permission bits of group and others."""

LARGEST = 64 * 1024
"""Bytes of a key file that is read; ours have about 400."""

NAME = re.compile(r"(?P<purpose>[a-z-]+)\.(?P<version>[1-9][0-9]{0,8})\.key", re.ASCII)
MADE = "purposes.json"
DRAFT = ".draft-"


@dataclass(frozen=True)
class KeyFile:
    """One key as it is stored; ``stored`` is the key itself or a module's handle, and never shown."""

    key_id: str
    purpose: str
    version: int
    suite: str
    made_at: datetime
    stored: bytes = field(repr=False)


def key_name(purpose: str, version: int) -> str:
    """Return the name of the file of this version of a purpose's key; it is a name that a credential may have, too."""
    return f"{purpose}.{version}.key"


def key_path(folder: Path, purpose: str, version: int) -> Path:
    """Return where this version of a purpose's key lies, or would."""
    return folder / key_name(purpose, version)


def require_private_folder(folder: Path) -> None:
    """Make ``folder`` (mode 0700) where it is missing; raise ``KeysUnsafe`` when others may look into it.

    The service manager's folder of credentials is never made here.
    """
    try:
        if not is_credential(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = folder.stat()
    except OSError as error:
        raise KeysUnsafe(
            "keys_unreadable",
            f"密钥目录 {folder} 建不了或进不去（{error.strerror}），请检查设置 CHENGXIN_KEYS 和目录权限",
            f"the key folder {folder} cannot be made or entered ({error.strerror}): check CHENGXIN_KEYS and its rights",
            where=str(folder),
        ) from None
    _require_private(folder, held, "700")


def _require_private(path: Path, held: os.stat_result, wanted: str) -> None:
    if is_credential(path):
        if open_to_others(path, held):
            raise KeysUnsafe(
                "keys_exposed",
                f"凭据 {path} 本机其他用户也能读到，平台拒绝启动。凭据应由 systemd 交给本单元，不要用普通目录代替",
                f"the credential {path} can be read by other users, so the platform does not start: systemd hands "
                "credentials to the unit, and no ordinary folder takes its place",
                where=str(path),
            )
        return
    if held.st_mode & OTHERS:
        mode = f"{stat.S_IMODE(held.st_mode):04o}"
        raise KeysUnsafe(
            "keys_exposed",
            f"{path} 的权限是 {mode}，本机其他用户可以读到密钥，平台拒绝启动。请执行 chmod {wanted} {path}；"
            "密钥若可能已被他人读取，请再用 chengxin keys rotate 更换",
            f"{path} has mode {mode}: other users of this machine can read keys, so the platform does not start. Run "
            f"chmod {wanted} {path}; if somebody may have read a key, replace it with chengxin keys rotate",
            where=str(path),
        )
    if held.st_uid != os.geteuid():
        raise KeysUnsafe(
            "keys_foreign",
            f"{path} 属于另一个系统用户，平台拒绝启动。请用安装平台的账号运行，或把它的属主改为该账号",
            f"{path} belongs to another user of this machine, so the platform does not start: run as the user who "
            "installed, or make that user its owner",
            where=str(path),
        )


def may_make(folder: Path) -> bool:
    """Return whether keys may be made here: a folder its owner cannot write into (mode 0500) holds given keys only.

    So do credentials, whatever their mode.
    """
    return not is_credential(folder) and bool(folder.stat().st_mode & stat.S_IWUSR)


def read_key(path: Path) -> KeyFile:
    """Return the key in ``path``; raise ``KeysUnsafe`` when others can read it or it is damaged."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise damaged(path, error.strerror or "") from None
    with os.fdopen(handle, "rb") as source:
        _require_private(path, os.fstat(source.fileno()), "600")
        text = source.read(LARGEST + 1)
    return _parse(path, text)


def _parse(path: Path, text: bytes) -> KeyFile:
    named = NAME.fullmatch(path.name)
    try:
        held = json.loads(text)
        key = KeyFile(
            key_id=str(held["key_id"]),
            purpose=str(held["purpose"]),
            version=int(held["version"]),
            suite=str(held["suite"]),
            made_at=datetime.fromisoformat(held["made_at"]),
            stored=base64.b64decode(held["key"], validate=True),
        )
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise damaged(path, "JSON") from None
    fits = re.fullmatch(rf"{re.escape(path.name.removesuffix('.key'))}\.[0-9a-f]{{8}}", key.key_id, re.ASCII)
    if named is None or fits is None or (key.purpose, str(key.version)) != (named["purpose"], named["version"]):
        raise damaged(path, key.key_id)
    if key.made_at.tzinfo is None:
        raise damaged(path, "made_at")
    return key


def damaged(path: Path, what: str) -> KeysUnsafe:
    """Return the refusal for a file that is not what it should be; ``what`` never is a part of a key."""
    return KeysUnsafe(
        "key_damaged",
        f"密钥文件 {path} 读不了或已损坏（{what}），请从密钥备份恢复该文件",
        f"the key file {path} cannot be read or is damaged ({what}): restore it from the backup of the keys",
        where=str(path),
    )


def read_keys(folder: Path, purpose: str) -> tuple[KeyFile, ...]:
    """Return the keys of ``purpose``, oldest first."""
    names = (NAME.fullmatch(entry.name) for entry in os.scandir(folder))
    versions = sorted(int(one["version"]) for one in names if one is not None and one["purpose"] == purpose)
    return tuple(read_key(key_path(folder, purpose, version)) for version in versions)


def as_text(key: KeyFile) -> str:
    """Return ``key`` as its file has it: the key itself is in it."""
    held = {
        "key_id": key.key_id,
        "purpose": key.purpose,
        "version": key.version,
        "suite": key.suite,
        "made_at": key.made_at.isoformat(),
        "key": base64.b64encode(key.stored).decode("ascii"),
    }
    return json.dumps(held, indent=1)


def write_key(folder: Path, key: KeyFile) -> bool:
    """Put ``key`` into its file; return False, changing nothing, when that version exists already.

    The file appears whole or not at all, and is on the disk before this returns.
    """
    draft = _write_draft(folder, as_text(key))
    try:
        os.link(draft, key_path(folder, key.purpose, key.version))
    except FileExistsError:
        return False
    finally:
        draft.unlink()
        _sync(folder)
    return True


def _write_draft(folder: Path, text: str) -> Path:
    draft = folder / f"{DRAFT}{secrets.token_hex(8)}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    return draft


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_made(folder: Path) -> frozenset[str]:
    """Return the purposes for which keys were made in this folder at any time; raise ``KeysUnsafe`` when damaged."""
    path = folder / MADE
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError):
        raise damaged(path, "JSON") from None
    if not isinstance(held, list):
        raise damaged(path, "JSON")
    return frozenset(map(str, held))


def write_made(folder: Path, purposes: frozenset[str]) -> None:
    """Remember for which purposes keys were made; the file changes whole or not at all."""
    _write_draft(folder, json.dumps(sorted(purposes))).replace(folder / MADE)
    _sync(folder)


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which the system releases when the process ends, however it ends.

    Everything is written under this lock, so drafts that lie about are of processes that died; they are removed.
    """
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        for left in folder.glob(f"{DRAFT}*"):
            left.unlink()
        yield
    finally:
        os.close(handle)
