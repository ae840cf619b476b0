"""Files of a backup: compressed, sealed, and beside each what it is, signed.

Compression comes before encryption because nothing compresses after it. A reader who can watch sizes learns how well a
segment compressed, which says nothing about a row: segments hold 16 MiB of everybody's changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from chengxin.base.errors import ChengxinError
from chengxin.crypto import Signature, WrongSeal, WrongSignature, context_of, open_stream, seal_stream, verify

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chengxin.crypto import Keyring, PublicKey

PURPOSE = "backup"
SIGNED = "receipt"
PIECE = 1 << 20
GZIP = 31
"""zlib's window bits for the gzip form (RFC 1952)."""


class BackupDamaged(ChengxinError):
    """A file of a backup is not what was written."""


def damaged(path: Path, why_zh: str, why_en: str) -> BackupDamaged:
    """Return the refusal for a file of a backup that is not what was written."""
    return BackupDamaged(
        "backup_damaged",
        f"备份文件 {path} {why_zh}，这份备份不能使用，请换另一份备份并报告安全管理员",
        f"the backup's file {path} {why_en}: use another backup and tell the security officer",
        where=str(path),
    )


@dataclass(frozen=True)
class SealedFile:
    """A sealed file: its name in the backup, and bytes and SHA-256 of it and of what is in it."""

    name: str
    bytes: int
    sha256: str
    plain_bytes: int
    plain_sha256: str

    @classmethod
    def read(cls, held: dict[str, Any]) -> SealedFile:
        """Return what ``asdict`` wrote."""
        return cls(
            str(held["name"]),
            int(held["bytes"]),
            str(held["sha256"]),
            int(held["plain_bytes"]),
            str(held["plain_sha256"]),
        )


class Compressing:
    """Reads a stream and hands it out compressed, digesting what it reads."""

    def __init__(self, source: BinaryIO) -> None:
        self.source = source
        self.digest = hashlib.sha256()
        self.bytes = 0
        self._squeeze = zlib.compressobj(1, zlib.DEFLATED, GZIP)
        self._ready = bytearray()
        self._ended = False

    def read(self, wanted: int) -> bytes:
        """Return up to ``wanted`` compressed bytes; none at the end."""
        while len(self._ready) < wanted and not self._ended:
            piece = self.source.read(PIECE)
            self._ended = not piece
            self.digest.update(piece)
            self.bytes += len(piece)
            self._ready += self._squeeze.compress(piece) if piece else self._squeeze.flush()
        given = bytes(self._ready[:wanted])
        del self._ready[:wanted]
        return given


class Digesting:
    """Writes to a file and digests what it writes."""

    def __init__(self, target: BinaryIO) -> None:
        self.target = target
        self.digest = hashlib.sha256()
        self.bytes = 0

    def write(self, piece: bytes) -> int:
        """Write ``piece``."""
        self.digest.update(piece)
        self.bytes += len(piece)
        return self.target.write(piece)


class Expanding:
    """Takes compressed bytes and writes what was compressed, digesting it."""

    def __init__(self, target: BinaryIO | None) -> None:
        self.out = Digesting(target) if target is not None else None
        self.digest = hashlib.sha256()
        self.bytes = 0
        self._expand = zlib.decompressobj(GZIP)

    def write(self, piece: bytes) -> int:
        """Expand ``piece`` in steps: a small one may hold a large plain text."""
        left = piece
        while left:
            self._give(self._expand.decompress(left, PIECE))
            left = self._expand.unconsumed_tail
        return len(piece)

    def finish(self) -> bool:
        """Hand out the rest; return whether the compressed text was whole."""
        self._give(self._expand.flush())
        return self._expand.eof and not self._expand.unused_data

    def _give(self, plain: bytes) -> None:
        self.digest.update(plain)
        self.bytes += len(plain)
        if self.out is not None:
            self.out.write(plain)


def file_context(system: str, name: str) -> bytes:
    """Return the context a file is sealed with: the database cluster's own number and the file's name."""
    return context_of("backup", system, name)


def seal_file(keyring: Keyring, source: BinaryIO, folder: Path, name: str, system: str) -> SealedFile:
    """Write ``source``, compressed and sealed, as ``folder``/``name``; it is on the disk, whole, when this returns."""
    squeezed = Compressing(source)
    path = folder / name
    draft = draft_beside(path)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            written = Digesting(cast("BinaryIO", out))
            context = file_context(system, name)
            seal_stream(keyring, PURPOSE, cast("BinaryIO", squeezed), cast("BinaryIO", written), context)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
        sync_folder(folder)
    finally:
        draft.unlink(missing_ok=True)
    return SealedFile(name, written.bytes, written.digest.hexdigest(), squeezed.bytes, squeezed.digest.hexdigest())


def open_file(keyring: Keyring, folder: Path, sealed: SealedFile, system: str, target: BinaryIO | None) -> None:
    """Check ``sealed`` in ``folder`` byte by byte and write what is in it to ``target`` (nowhere for None).

    Raises ``BackupDamaged`` when a digest, a length, the seal or the compression is wrong; what was written until then
    is to be thrown away.
    """
    path = folder / sealed.name
    digest = hashlib.sha256()
    try:
        with path.open("rb") as source:
            while piece := source.read(PIECE):
                digest.update(piece)
            if (source.tell(), digest.hexdigest()) != (sealed.bytes, sealed.sha256):
                raise damaged(path, "的摘要与清单不符", "does not have the digest that the manifest states")
            source.seek(0)
            expanding = Expanding(target)
            context = file_context(system, sealed.name)
            open_stream(keyring, PURPOSE, source, cast("BinaryIO", expanding), context)
    except FileNotFoundError:
        raise damaged(path, "不见了", "is missing") from None
    except WrongSeal as error:
        raise damaged(path, f"解不开（{error.code}）", f"cannot be opened ({error.code})") from error
    except zlib.error as error:
        raise damaged(path, "解压不了", "cannot be expanded") from error
    whole = expanding.finish()
    if not whole or (expanding.bytes, expanding.digest.hexdigest()) != (sealed.plain_bytes, sealed.plain_sha256):
        raise damaged(path, "的内容与清单不符", "does not hold what the manifest states")


def write_signed(path: Path, kind: str, statement: dict[str, Any], keyring: Keyring) -> None:
    """Write ``statement`` with the signature of the key for receipts, whole or not at all, readable by us alone.

    ``kind`` is part of what is signed: a statement of one kind never passes for one of another.
    """
    signature = keyring.sign(SIGNED, message_of(kind, statement)).text()
    held = {"kind": kind, "statement": statement, "signature": signature}
    draft = draft_beside(path)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            json.dump(held, out, ensure_ascii=False, indent=1)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def read_signed(path: Path, kind: str, keys: Iterable[PublicKey]) -> dict[str, Any]:
    """Return the statement in ``path``; raise ``BackupDamaged`` unless one of ``keys`` signed exactly this kind."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        statement = held["statement"]
        signature = Signature.parse(str(held["signature"]))
        if held["kind"] != kind or not isinstance(statement, dict):
            raise damaged(path, "不是要找的文件", f"is no {kind}")
        verify(keys, message_of(kind, statement), signature)
    except FileNotFoundError:
        raise damaged(path, "不见了", "is missing") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(path, "读不了", "cannot be read") from error
    except WrongSignature as error:
        raise damaged(path, "的签名不对", "has a wrong signature") from error
    return statement


def message_of(kind: str, statement: dict[str, Any]) -> bytes:
    """Return what is signed: the kind, and the statement as JSON with sorted keys."""
    text = json.dumps(statement, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{kind}\n{text}".encode()


def as_statement(sealed: SealedFile) -> dict[str, Any]:
    """Return ``sealed`` as it stands in a manifest."""
    return asdict(sealed)


DRAFT = ".draft-"
"""How the name of a file begins that is still being written."""


def draft_beside(path: Path) -> Path:
    """Return a name beside ``path`` for a file that is still being written."""
    return path.with_name(f"{DRAFT}{secrets.token_hex(8)}")


def sync_folder(folder: Path) -> None:
    """Put the folder's entries on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
