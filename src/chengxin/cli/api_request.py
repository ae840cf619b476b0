"""``chengxin api-key`` and ``chengxin api-request``: try the API from the client's side, without any installation."""

from __future__ import annotations

import http.client
import io
import os
import secrets
import tempfile
from contextlib import closing
from pathlib import Path
from typing import IO, BinaryIO
from urllib.parse import urlsplit

import click

from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError
from chengxin.cli.frame import both, tell

PATIENCE = 60
"""Seconds a request may take."""

FIRST_ERROR = 400
_PIECE = 1 << 20
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    "api-key",
    short_help="生成签名私钥 / make a key to sign requests with",
    help=both(
        "在调用方自己的机器上生成签名私钥（文件权限 600），并在标准输出打印公钥，交给信用中心登记。私钥不要外传。",
        "Make a private key on the client's own machine (mode 600) and print its public half on stdout, to be handed "
        "to the credit centre. The private key never leaves the machine.",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--suite", type=click.Choice(["international", "national"]), default="international", show_default=True,
    help="密码套件：国际 Ed25519 或国密 SM2 / suite: Ed25519 or SM2",
)  # fmt: skip
def api_key(file: Path, suite: str) -> None:
    """Write the private key, never over an existing file, and print the public one."""
    from chengxin.accounts.signing import load_private_key, make_private_key

    text = make_private_key(suite)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ChengxinError(
            "key_file_not_written",
            f"不能新建文件 {file}（{error.strerror}）；已有的私钥不会被覆盖，请换一个文件名",
            f"cannot make the file {file} ({error.strerror}); a key that exists is never overwritten: choose another",
            where=str(file),
        ) from error
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(text)
    tell(f"私钥已存入 {file}，请妥善保管；公钥：", f"the private key is in {file}, keep it safe; the public key:")
    click.echo(load_private_key(text).public_pem(), nl=False)


@click.command(
    "api-request",
    short_help="签名并发送一个接口请求 / sign a request to the API and send it",
    help=both(
        "签名并发送一个请求，打印回答。例：chengxin api-request POST http://127.0.0.1:8002/api/v1/checks --key k.key "
        '--key-id c7-1a2b3c4d5e6f7a8b --json \'{"code": "…", "purpose": "政府采购"}\'。'
        "报送文件用 --file 许可.csv --field item=licence。加 --headers 只打印签名头，不发送。",
        "Sign a request, send it and print the answer. For a body give --json; to hand a file in give --file and "
        "--field item=licence. With --headers the signed headers are printed and nothing is sent.",
    ),
)
@click.argument("method", type=click.Choice(["GET", "POST"], case_sensitive=False))
@click.argument("url")
@click.option("--key", "key_file", required=True, type=_FILE, help="私钥文件 / file of the private key")
@click.option("--key-id", required=True, help="登记公钥时给出的 keyid / the keyid given when the key was registered")
@click.option("--json", "text", default="", help="JSON 请求体 / body")
@click.option(
    "--file", "upload", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="报送的文件 / file"
)
@click.option("--field", "fields", multiple=True, help="表单项 名=值 / form field name=value")
@click.option("--headers", "only_headers", is_flag=True, help="只打印签名头 / print the signed headers only")
def api_request(method: str, url: str, key_file: Path, key_id: str, **given: object) -> int:
    """Send one signed request; 0 when it was answered, 1 when it was refused."""
    from chengxin.accounts.signing import content_digest, load_private_key, sign

    _require_address(url)
    if not key_id.isascii() or not key_id.isprintable():
        raise ChengxinError(
            "key_id_wrong",
            "--key-id 应为登记公钥时给出的 keyid，只有字母、数字和符号",
            "--key-id is the keyid given when the key was registered: letters, digits and signs only",
            where="--key-id",
        )
    with closing(tempfile.TemporaryFile()) as body:
        kind = _write_body(body, str(given["text"]), given["upload"], given["fields"])
        length = body.tell()
        body.seek(0)
        headers = sign(
            method,
            url,
            load_private_key(key_file.read_text(encoding="utf-8", errors="replace")),
            key_id,
            now=system_now(),
            digest=content_digest(body) if kind else "",
            content_type=kind,
        )
        if given["only_headers"]:
            for name, value in headers.items():
                click.echo(f"{name}: {value}")
            return 0
        body.seek(0)
        status, answer = _send(method, url, headers | {"Content-Length": str(length)}, body)
    tell(f"状态 {status}", f"status {status}")
    click.echo(answer)
    return 1 if status >= FIRST_ERROR else 0


def _require_address(url: str) -> None:
    """Raise ``ChengxinError`` for what is no http or https address with a host and, where there is one, a port."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        (parts.hostname or "").encode("idna")
    except ValueError:
        usable = False
    if not usable:
        raise ChengxinError("address_wrong", f"地址“{url}”不对", f"{url!r} is no address of an API", where=url)


def _write_body(body: IO[bytes], text: str, upload: object, fields: object) -> str:
    """Write the body and return its media type, empty where there is none."""
    if not isinstance(upload, Path):
        body.write(text.encode("utf-8", "replace"))
        return "application/json" if text else ""
    edge = f"chengxin-{secrets.token_hex(16)}"
    for field in fields if isinstance(fields, tuple) else ():
        name, _, value = str(field).partition("=")
        body.write(f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    safe = upload.name.replace("\\", "_").replace('"', "_")
    disposition = f'Content-Disposition: form-data; name="file"; filename="{safe}"'
    body.write(f"--{edge}\r\n{disposition}\r\nContent-Type: application/octet-stream\r\n\r\n".encode())
    with upload.open("rb") as source:
        while piece := source.read(_PIECE):
            body.write(piece)
    body.write(f"\r\n--{edge}--\r\n".encode())
    return f"multipart/form-data; boundary={edge}"


def _send(method: str, url: str, headers: dict[str, str], body: BinaryIO | IO[bytes]) -> tuple[int, str]:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with closing(kind(parts.hostname or "", parts.port, timeout=PATIENCE)) as connection:
            connection.request(method.upper(), target, body, headers)
            response = connection.getresponse()
            answer = io.TextIOWrapper(response, encoding="utf-8", errors="replace").read()
            return response.status, answer
    except (OSError, http.client.HTTPException) as error:
        raise ChengxinError(
            "api_unreachable",
            f"接口没有应答：{error}；请核对地址和网络",
            f"the API does not answer ({error}): check address and network",
            where=url,
        ) from error
