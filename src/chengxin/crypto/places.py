"""Where the keys of this process lie: a folder the operator names, systemd's credentials, or the data folder.

Credentials are files without folders, and names of key files (``checkpoint.1.key``) are names a credential may have, so
a key is one credential, and which ones a unit gets is said in the unit. Nothing is made there or changed: new keys are
made by ``chengxin keys make`` and encrypted on the way to the disk by ``systemd-creds``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from chengxin.base.config import data_folder
from chengxin.base.credentials import FOLDER, credentials_folder
from chengxin.crypto.errors import KeysUnsafe
from chengxin.crypto.keyfiles import NAME, key_name
from chengxin.crypto.purposes import PURPOSES

SETTING = "CHENGXIN_KEYS"
STORE = "/etc/credstore.encrypted"
"""Where systemd looks for encrypted credentials (systemd.exec(5))."""


@dataclass(frozen=True)
class KeyPlace:
    """A folder of keys, and which setting led to it."""

    folder: Path
    setting: str

    @property
    def handed_over(self) -> bool:
        """Whether the keys are the service manager's credentials."""
        return self.setting == FOLDER


def key_place() -> KeyPlace:
    """Return where the keys are: ``CHENGXIN_KEYS``, else the credentials where they hold a key, else the data folder.

    Raises ``KeysUnsafe`` where credentials for the platform were handed over without any key, and the data folder has
    none either: making new ones would hide that the old ones were forgotten.
    """
    given = os.environ.get(SETTING)
    if given:
        return KeyPlace(Path(given).resolve(), SETTING)
    own = KeyPlace(data_folder() / "keys", "CHENGXIN_DATA")
    handed = credentials_folder(os.environ)
    if handed is None:
        return own
    names = [entry.name for entry in os.scandir(handed)]
    if any(NAME.fullmatch(name) for name in names):
        return KeyPlace(handed, FOLDER)
    if any(name.startswith("CHENGXIN_") for name in names) and not own.folder.exists():
        raise not_handed_over(handed, tuple(PURPOSES))
    return own


def require_every_purpose(place: KeyPlace) -> None:
    """Raise ``KeysUnsafe``, naming what is missing, where the keys are credentials and a purpose has none of them."""
    if not place.handed_over:
        return
    named = [NAME.fullmatch(entry.name) for entry in os.scandir(place.folder)]
    held = {one["purpose"] for one in named if one is not None}
    missing = tuple(name for name in PURPOSES if name not in held)
    if missing:
        raise not_handed_over(place.folder, missing)


def not_handed_over(folder: Path, purposes: tuple[str, ...]) -> KeysUnsafe:
    """Return the refusal for purposes without a credential, with the line that a unit lacks."""
    line = load_line(key_name(purposes[0], 1))
    return KeysUnsafe(
        "keys_not_handed_over",
        f"systemd 凭据 {folder} 里没有用途 {'、'.join(purposes)} 的密钥；平台不会另造新密钥代替。"
        f"请在单元里为每个密钥加一行，例如 {line}，然后重启",
        f"the systemd credentials in {folder} hold no key for {', '.join(purposes)}, and the platform makes no new "
        f"ones in their place: add a line for each key to the unit, such as {line}, and restart it",
        where=", ".join(purposes),
    )


def read_only_credentials(purpose: str, version: int) -> KeysUnsafe:
    """Return the refusal of a rotation of credentials, with the commands that make version ``version`` of a key."""
    name = key_name(purpose, version)
    commands = "\n".join(
        (
            f"  chengxin keys make {purpose} {version} | {encrypt_command(name)}",
            f"  systemctl edit chengxin-office.service    # [Service] {load_line(name)}",
            "  systemctl restart chengxin.target",
        )
    )
    return KeysUnsafe(
        "keys_are_credentials",
        "密钥由 systemd 凭据提供，不能在这里更换。请以 root 依次执行以下命令；用到该密钥的每个单元都要加这一行，"
        f"旧密钥的那一行不要删，单机运行时改 chengxin-serve.service 并重启它：\n{commands}\n",
        "the keys are systemd credentials and are not rotated here: run the commands above as root. The line goes into "
        "each unit that uses the key and the old key's line stays; on one small machine the unit to edit and restart "
        "is chengxin-serve.service",
        where=purpose,
    )


def encrypt_command(name: str, source: str = "-") -> str:
    """Return the command that encrypts a key into the store of credentials, from a file or from its input."""
    return f"systemd-creds encrypt --name={name} {source} {STORE}/{name}"


def load_line(name: str) -> str:
    """Return the line of a unit that hands a key over."""
    return f"LoadCredentialEncrypted={name}:{STORE}/{name}"
