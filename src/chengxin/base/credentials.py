"""Secrets that the service manager hands over: systemd's credentials, encrypted at rest with the machine's TPM2.

``LoadCredentialEncrypted=NAME:FILE`` in a unit puts the decrypted file ``NAME`` into ``$CREDENTIALS_DIRECTORY``, in
memory that is not swapped, readable by that unit's account only. A setting that is a secret may come this way, as a
credential with the setting's own name; the environment goes first. Keys may, too (``chengxin.crypto.places``).
Source: systemd.exec(5), section CREDENTIALS.
"""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = "CREDENTIALS_DIRECTORY"

LARGEST = 64 * 1024
"""Bytes of a setting that is read; an address of a database has some hundred."""

ACL = "system.posix_acl_access"
ACL_ENTRY = struct.Struct("<HHI")
USER_OBJECT, USER, MASK = 0x01, 0x02, 0x10
"""Kinds of entries of an access control list that open nothing to a group or to everybody (linux/posix_acl.h)."""


def credentials_folder(environment: Mapping[str, str]) -> Path | None:
    """Return the folder of this process's credentials, or None where the service manager handed none over."""
    given = environment.get(FOLDER)
    return Path(given) if given and Path(given).is_dir() else None


def is_credential(path: Path) -> bool:
    """Return whether ``path`` is the folder of this process's credentials, or one of them."""
    folder = credentials_folder(os.environ)
    return folder is not None and folder in (path, path.parent)


def open_to_others(path: Path | int, held: os.stat_result) -> bool:
    """Return whether somebody but this process's user and root may reach ``path``.

    systemd leaves a credential to root and lets the unit's account in by an access control list, whose mask stands
    where the group's rights otherwise stand: the list has to be read, the mode alone would say too much.
    """
    if held.st_uid not in (0, os.geteuid()) or held.st_mode & stat.S_IRWXO:
        return True
    try:
        entries = os.getxattr(path, ACL)[4:]
    except OSError:  # there is no list: the mode is all there is
        return bool(held.st_mode & stat.S_IRWXG)
    for kind, rights, who in ACL_ENTRY.iter_unpack(entries):
        if rights and not (kind in (USER_OBJECT, MASK) or (kind == USER and who in (0, os.geteuid()))):
            return True
    return False


def secret_setting(name: str, environment: Mapping[str, str] | None = None) -> str:
    """Return the setting ``name`` of the environment, else the credential of that name, else an empty text.

    Raises ``ChengxinError`` for a credential that others can read, that is empty, or that is no text of one line.
    """
    held = os.environ if environment is None else environment
    given = held.get(name)
    if given:
        return given
    folder = credentials_folder(held)
    if folder is None:
        return ""
    try:
        with (folder / name).open("rb") as source:
            if open_to_others(source.fileno(), os.fstat(source.fileno())):
                raise _unusable(name, folder, "其他用户可以读取", "can be read by others")
            text = source.read(LARGEST).decode("utf-8").strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise _unusable(name, folder, f"读不了（{error.strerror}）", f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise _unusable(name, folder, "不是文本", "is no text") from None
    if not text or len(text.splitlines()) > 1:
        raise _unusable(name, folder, "应为一行文本", "has to be one line of text")
    return text


def _unusable(name: str, folder: Path, zh: str, en: str) -> ChengxinError:
    return ChengxinError(
        "credential_unusable",
        f"systemd 凭据 {folder / name} {zh}，请用 systemd-creds encrypt --name={name} 重新生成后重启该单元",
        f"the systemd credential {folder / name} {en}: make it again with systemd-creds encrypt --name={name} and "
        "restart the unit",
        where=name,
    )
