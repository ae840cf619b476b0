"""A witness over HTTP, for a machine that the platform's administrators cannot reach: a small WSGI application.

    GET  /latest        {"number", "size"} of the last checkpoint kept
    GET  /checkpoints   everything kept, one JSON object a line, for whoever verifies
    GET  /key           the witness's public keys
    POST /checkpoints   {"note", "proof"}: kept and countersigned, or 409 with the contradiction

It keeps no personal data: a checkpoint is a number, a hash and a time.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chengxin.audit.checkpoint import PURPOSE, read_checkpoint
from chengxin.audit.witness import CONFLICT, FileWitness, WitnessAway, WitnessRefuses
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError
from chengxin.crypto import load_keyring, read_public_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from wsgiref.types import StartResponse, WSGIEnvironment

    from chengxin.crypto import Keyring

LARGEST = 16_384
"""Bytes of a request: a checkpoint of 4 KiB and a proof of 64 hashes."""

LONGEST_PROOF = 128

STATUS = {
    200: "200 OK", 400: "400 Bad Request", 404: "404 Not Found", 409: "409 Conflict", 413: "413 Content Too Large",
    503: "503 Service Unavailable",
}  # fmt: skip


@dataclass(frozen=True)
class WitnessApp:
    """Answers for the witness that keeps its checkpoints in ``kept`` and signs with ``keyring``."""

    kept: FileWitness
    keyring: Keyring
    clock: Callable[[], datetime]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        try:
            status, kind, body = self._answer(environ)
        except WitnessRefuses as error:
            status, kind, body = CONFLICT, "application/json", json.dumps(error.as_dict(), ensure_ascii=False).encode()
        except WitnessAway as error:
            status, kind, body = 503, "application/json", json.dumps(error.as_dict(), ensure_ascii=False).encode()
        except ChengxinError as error:
            status, kind, body = 400, "application/json", json.dumps(error.as_dict(), ensure_ascii=False).encode()
        start_response(
            STATUS[status],
            [("Content-Type", kind), ("Content-Length", str(len(body))), ("X-Content-Type-Options", "nosniff")],
        )
        return [body]

    def _answer(self, environ: WSGIEnvironment) -> tuple[int, str, bytes]:
        asked = (environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""))
        if asked == ("GET", "/latest"):
            last = self.kept.last()
            held = {"number": last.number, "size": last.size} if last else {"number": 0, "size": 0}
            return 200, "application/json", json.dumps(held).encode()
        if asked == ("GET", "/checkpoints"):
            held_bytes = self.kept.path.read_bytes() if self.kept.path.exists() else b""
            return 200, "application/jsonl", held_bytes
        if asked == ("GET", "/key"):
            blocks = "".join(key.block() for key in self.keyring.public_keys(PURPOSE))
            return 200, "application/x-pem-file", blocks.encode()
        if asked == ("POST", "/checkpoints"):
            return self._keep(environ)
        return 404, "text/plain", b"not found\n"

    def _keep(self, environ: WSGIEnvironment) -> tuple[int, str, bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isascii() or not length.isdecimal() or int(length[:9]) > LARGEST:
            return 413, "text/plain", b"too large\n"
        note, proof = _read_request(environ["wsgi.input"].read(int(length)))
        checkpoint = read_checkpoint(note)
        self.kept.show(checkpoint, lambda _size: proof, self.clock())
        signature = self.keyring.sign(PURPOSE, countersigned(note)).text()
        return 200, "application/json", json.dumps({"signature": signature}).encode()


def countersigned(note: str) -> bytes:
    """Return the bytes a witness signs: its own first line, so that they are never a checkpoint, and the text."""
    return b"chengxin-audit-witness/1\n" + note.encode()


def _read_request(body: bytes) -> tuple[str, list[bytes]]:
    try:
        held: Any = json.loads(body)
        note, proof = held["note"], [bytes.fromhex(one) for one in held["proof"]]
        if not isinstance(note, str) or len(proof) > LONGEST_PROOF:
            raise ValueError  # noqa: TRY301 - one sentence for everything that is malformed
    except (ValueError, KeyError, TypeError):
        raise ChengxinError(
            "request_malformed",
            "请求格式不对，应为含 note 和 proof 的 JSON",
            "the request is not JSON with note and proof",
        ) from None
    return note, proof


def served() -> WitnessApp:
    """Return the application of ``chengxin audit witness``, set up from its two settings.

    Raises ``ChengxinError`` where the file of trusted keys holds none: a witness that signs anything is none.
    """
    folder = Path(os.environ["CHENGXIN_WITNESS_FOLDER"])
    trusted = read_public_keys(Path(os.environ["CHENGXIN_WITNESS_TRUSTS"]).read_text(encoding="utf-8"))
    if not trusted:
        raise ChengxinError(
            "no_public_key",
            "公钥文件里没有公钥，请用 chengxin keys 导出平台的检查点公钥",
            "the file holds no public key: export the platform's keys for checkpoints with chengxin keys",
            where=os.environ["CHENGXIN_WITNESS_TRUSTS"],
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return WitnessApp(FileWitness(folder / "checkpoints.jsonl", trusted), load_keyring(folder / "keys"), system_now)
