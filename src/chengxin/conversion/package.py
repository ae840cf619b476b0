"""What a signed package of the mapping is, and how it is verified: no database, nothing but a public key.

A package is three files, loose in a folder or together in a zip: ``mapping.csv`` (UTF-8, kind, old_code, uscc, source,
since), ``mapping.csv.sig`` (a statement of digest, rows and moment, an empty line, the signature over the statement)
and ``mapping.pub.pem`` (the public keys, for convenience: whoever verifies takes the key from elsewhere).
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Self

from chengxin.base.errors import ChengxinError
from chengxin.crypto import Signature, WrongSignature, read_public_keys, verify

if TYPE_CHECKING:
    from pathlib import Path

CSV, SIGNATURE, KEYS = "mapping.csv", "mapping.csv.sig", "mapping.pub.pem"
FORMAT = "chengxin-mapping v1"

_STATEMENT = re.compile(
    rf"{FORMAT}\n(?P<hash>sha256|sm3) (?P<digest>[0-9a-f]{{64}})\nrows (?P<rows>[0-9]+)\nmade_at (?P<made_at>\S+)\n"
)
_CHUNK = 1 << 18
_LONGEST_TEXT = 1 << 20


@dataclass(frozen=True)
class MappingFile:
    """What a package holds: the number of rows, the digest of its CSV with the hash's name, and when it was made."""

    rows: int
    digest: str
    made_at: str


class MappingWrong(ChengxinError):
    """A package that is not what the platform signed: the error's code says what is wrong."""


def statement(made: MappingFile) -> str:
    """Return what is signed about a package: the digest of its CSV, the number of rows, and the moment."""
    return f"{FORMAT}\n{made.digest}\nrows {made.rows}\nmade_at {made.made_at}\n"


def verify_package(place: Path, keys: str) -> MappingFile:
    """Return what a package (folder or zip) holds; ``keys`` is the text of public keys from a source one trusts.

    Raises:
        MappingWrong: ``file_missing``, ``no_public_key``, ``signature_unreadable``, ``signature_wrong`` (another key,
            or a changed statement) or ``content_changed`` (the CSV is not the one that was signed).
    """
    trusted = read_public_keys(keys)
    if not trusted:
        raise MappingWrong(
            "no_public_key", "公钥文件中没有公钥，请向平台索取", "there is no public key in that file: ask the platform"
        )
    with _Package(place) as package:
        text = package.text(SIGNATURE)
        said, _, signature = text.partition("\n\n")
        said += "\n"
        found = _STATEMENT.fullmatch(said)
        if found is None:
            raise MappingWrong(
                "signature_unreadable",
                f"{SIGNATURE} 不是对照文件的签名，请重新下载",
                f"{SIGNATURE} is no signature of a mapping: fetch it again",
                where=SIGNATURE,
            )
        try:
            verify(trusted, said.encode(), Signature.parse(signature.strip()))
        except WrongSignature as error:
            raise MappingWrong(
                "signature_wrong",
                f"签名不对：{SIGNATURE} 被改动，或不是用这把公钥对应的密钥签的",
                f"the signature is wrong: {SIGNATURE} was changed, or another key than this one made it",
                where=SIGNATURE,
            ) from error
        if package.digest(CSV, found["hash"]) != found["digest"]:
            raise MappingWrong(
                "content_changed",
                f"{CSV} 与签名时不同，内容已被改动或不完整，请重新下载",
                f"{CSV} is not what was signed: it was changed or is incomplete; fetch it again",
                where=CSV,
            )
    return MappingFile(int(found["rows"]), f"{found['hash']} {found['digest']}", found["made_at"])


class _Package:
    """The files of a package, in a folder or in a zip; nothing is unpacked."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._zip: zipfile.ZipFile | None = None

    def __enter__(self) -> Self:
        if self.place.is_file():
            try:
                self._zip = zipfile.ZipFile(self.place)
            except zipfile.BadZipFile as error:
                raise self._missing(str(self.place.name)) from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._zip is not None:
            self._zip.close()

    def _missing(self, name: str) -> MappingWrong:
        return MappingWrong(
            "file_missing",
            f"缺少 {name}，或文件不完整，请重新下载整套文件",
            f"{name} is missing or incomplete: fetch the whole package again",
            where=name,
        )

    def _open(self, name: str) -> BinaryIO:
        try:
            if self._zip is not None:
                return self._zip.open(name)  # type: ignore[return-value]
            return (self.place / name).open("rb")
        except (KeyError, OSError) as error:
            raise self._missing(name) from error

    def text(self, name: str) -> str:
        """Return a small file; one of more than a megabyte is none of ours."""
        with self._open(name) as source:
            return source.read(_LONGEST_TEXT).decode("utf-8", "replace")

    def digest(self, name: str, algorithm: str) -> str:
        """Return the digest of a file, read piece by piece."""
        digest = hashlib.new(algorithm)
        try:
            with self._open(name) as source:
                while piece := source.read(_CHUNK):
                    digest.update(piece)
        except zipfile.BadZipFile as error:
            raise self._missing(name) from error
        return digest.hexdigest()
