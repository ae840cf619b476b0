"""What ``chengxin api-request`` puts on the wire: the method, the body and headers that were signed, nothing else."""

from __future__ import annotations

import http.server
import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from chengxin.accounts.signatures import Presented, read_digests, read_signature, require_profile, signature_base
from chengxin.accounts.signing import content_digest, load_private_key, message_of
from chengxin.cli import main
from chengxin.crypto.suite import suite_named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Platform:
    """A server that writes down what it is sent and answers as it is told."""

    status: int = 200
    answer: bytes = '{"result": "好"}'.encode()
    heard: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def platform() -> Iterator[Platform]:
    held = Platform()

    class Listening(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            held.heard.append((self.command, self.path, dict(self.headers), body))
            self.send_response(held.status)
            self.send_header("Content-Length", str(len(held.answer)))
            self.end_headers()
            self.wfile.write(held.answer)

        do_GET = do_POST  # noqa: N815 - the library's name

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Listening) as server:
        held.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield held
        server.shutdown()
        thread.join()


@pytest.fixture(params=["international", "national"])
def key(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "client.key"
    assert main.run(["api-key", str(path), "--suite", request.param]) == 0
    return path


def _signature(headers: dict[str, str]) -> Presented:
    return read_signature(headers["Signature-Input"], headers["Signature"])


def test_a_request_with_a_body_is_signed_over_what_is_sent(
    platform: Platform, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    url = f"{platform.address}/api/v1/checks?b=2&a=%E4%B8%AD"
    text = json.dumps({"code": "91320583187588026H", "purpose": "政府采购"}, ensure_ascii=False)
    assert main.run(["api-request", "post", url, "--key", str(key), "--key-id", "c1-ab", "--json", text]) == 0
    said = capsys.readouterr()
    assert said.out == '{"result": "好"}\n'
    assert said.err == "状态 200\nstatus 200\n"
    ((method, path, headers, body),) = platform.heard
    assert (method, path, body) == ("POST", "/api/v1/checks?b=2&a=%E4%B8%AD", text.encode())
    assert headers["Content-Type"] == "application/json"
    assert len(read_digests(headers["Content-Digest"])) == 1
    presented = _signature(headers)
    require_profile(presented, has_body=True)
    private = load_private_key(key.read_text(encoding="ascii"))
    base = signature_base(message_of("POST", url, headers), presented.components, presented.parameters)
    suite_named(private.suite).verify(private.public_pem(), base, presented.value)
    assert presented.text("keyid") == "c1-ab"


def test_a_request_without_a_body_sends_and_signs_none(platform: Platform, key: Path) -> None:
    assert main.run(["api-request", "GET", platform.address, "--key", str(key), "--key-id", "c1-ab"]) == 0
    ((method, path, headers, body),) = platform.heard
    assert (method, path, body) == ("GET", "/", b"")
    assert not {"Content-Digest", "Content-Type"} & set(headers)
    require_profile(_signature(headers), has_body=False)


def test_two_requests_are_never_signed_alike(platform: Platform, key: Path) -> None:
    for _ in range(2):
        assert main.run(["api-request", "GET", platform.address, "--key", str(key), "--key-id", "c1-ab"]) == 0
    first, second = (_signature(headers) for _method, _path, headers, _body in platform.heard)
    assert first.text("nonce") != second.text("nonce")
    assert first.value != second.value


def test_a_file_is_sent_whole_with_its_fields(platform: Platform, key: Path, tmp_path: Path) -> None:
    file = tmp_path / '许可"x\\.csv'
    content = bytes(range(256)) * 5000
    file.write_bytes(content)
    arguments = ["api-request", "POST", f"{platform.address}/b", "--key", str(key), "--key-id", "c1-ab"]
    assert main.run([*arguments, "--file", str(file), "--field", "item=licence", "--field", "note=a=b"]) == 0
    ((_method, _path, headers, body),) = platform.heard
    kind, _, edge = headers["Content-Type"].partition("; boundary=")
    assert kind == "multipart/form-data"
    parts = body.split(f"--{edge}".encode())
    assert (parts[0], parts[-1]) == (b"", b"--\r\n")
    assert parts[1] == b'\r\nContent-Disposition: form-data; name="item"\r\n\r\nlicence\r\n'
    assert parts[2] == b'\r\nContent-Disposition: form-data; name="note"\r\n\r\na=b\r\n'
    assert 'filename="许可_x_.csv"'.encode() in parts[3]
    assert content in body
    assert len(body) == int(headers["Content-Length"])


def test_the_digest_sent_is_that_of_the_bytes_sent(platform: Platform, key: Path, tmp_path: Path) -> None:
    copy = tmp_path / "body"
    arguments = ["api-request", "POST", platform.address, "--key", str(key), "--key-id", "c1-ab", "--json", "[1]"]
    assert main.run(arguments) == 0
    copy.write_bytes(platform.heard[0][3])
    with copy.open("rb") as sent:
        assert platform.heard[0][2]["Content-Digest"] == content_digest(sent)


@pytest.mark.parametrize(
    ("status", "code"), [(200, 0), (201, 0), (302, 0), (399, 0), (400, 1), (401, 1), (429, 1), (503, 1)]
)
def test_a_refusal_of_the_platform_is_printed_and_told_by_the_exit_code(
    platform: Platform, tmp_path: Path, capsys: pytest.CaptureFixture[str], status: int, code: int
) -> None:
    path = tmp_path / "k"
    main.run(["api-key", str(path)])
    capsys.readouterr()
    platform.status, platform.answer = status, b'{"code": "x"}'
    assert main.run(["api-request", "GET", platform.address, "--key", str(path), "--key-id", "c1-ab"]) == code
    said = capsys.readouterr()
    assert said.out == '{"code": "x"}\n'
    assert f"状态 {status}" in said.err
    assert len(platform.heard) == 1, "a redirect is not followed: it was not signed for"


@pytest.fixture
def plain_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    path = tmp_path / "plain.key"
    main.run(["api-key", str(path)])
    capsys.readouterr()
    return str(path)


@pytest.mark.parametrize(
    "url",
    ["", "credit.example", "/api", "ftp://credit.example/", "file:///etc/passwd", "http://", "http://:80/", "http://[::1",
     "http://h:port/", "http://h:99999/", "http://h:-1/", "http://h:0/", f"http://{'a' * 70}.example/", "http://a..b/"],
)  # fmt: skip
def test_what_is_no_address_is_refused_before_anything_is_sent(
    plain_key: str, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    assert main.run(["api-request", "GET", url, "--key", plain_key, "--key-id", "c1-ab"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"错误：地址“{url}”不对\n")


@pytest.mark.parametrize("path", ["/中文", "/a\x7fb", "/\u00e9"])
def test_an_address_that_is_not_encoded_is_refused_before_anything_is_sent(
    platform: Platform, plain_key: str, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    assert main.run(["api-request", "GET", platform.address + path, "--key", plain_key, "--key-id", "c1-ab"]) == 2
    assert capsys.readouterr().out == ""
    assert platform.heard == []


@pytest.mark.parametrize("key_id", ["编号", "c1\nX-More: 1", "c1\r\n", "c1\x00", "é"])
def test_a_key_id_cannot_smuggle_a_header(
    platform: Platform, plain_key: str, capsys: pytest.CaptureFixture[str], key_id: str
) -> None:
    assert main.run(["api-request", "GET", platform.address, "--key", plain_key, "--key-id", key_id]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("错误：--key-id 应为登记公钥时给出的 keyid")
    assert (said.out, platform.heard) == ("", [])


def test_the_headers_alone_are_printed_and_nothing_is_sent(
    platform: Platform, plain_key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["api-request", "GET", platform.address, "--key", plain_key, "--key-id", "c1-ab", "--headers"]
    assert main.run(arguments) == 0
    printed = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert list(printed) == ["Signature-Input", "Signature"]
    assert _signature(printed).text("keyid") == "c1-ab"
    assert platform.heard == []


def test_a_platform_that_does_not_answer_is_said_in_one_sentence(
    plain_key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["api-request", "GET", "http://127.0.0.1:1/", "--key", plain_key, "--key-id", "c1-ab"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("错误：接口没有应答：")
    assert "请核对地址和网络" in said.err
