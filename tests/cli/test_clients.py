"""The operator makes API clients, and an engineer on the client's side tries the API with a key of their own."""

from __future__ import annotations

import json
import stat
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from chengxin.accounts.actor import OPERATIONS
from chengxin.accounts.clients import ApiClient, ClientGrant, ClientKey
from chengxin.accounts.entrances import load_entrances
from chengxin.accounts.queries import client_by_token
from chengxin.audit.models import Event
from chengxin.intake.models import Batch
from chengxin.testing.ends import served

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Terminal

NOW = datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_a_client_of_a_rehearsal_gets_a_token_that_opens_the_api_until_its_end(terminal: Terminal) -> None:
    done = terminal.run(
        "client", "make", "审批系统", "--org", "ks-scjg", "--grant", "checks.run", "--grant", "subjects.read",
        "--days", "10", "--bearer", CHENGXIN_NOW=NOW.isoformat(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    token = done.stdout.strip()
    client = client_by_token(token, NOW)
    assert client is not None
    assert {one.operation for one in client.grants.all()} == {"checks.run", "subjects.read"}
    assert client.expires_at - NOW == timedelta(days=10)
    assert token not in done.stderr
    assert client_by_token(token, client.expires_at) is None
    assert set(Event.objects.values_list("actor_kind", "action")) == {
        ("operator", "client.made"),
        ("operator", "client.granted"),
    }


def test_without_bearer_and_key_a_client_can_prove_nothing(terminal: Terminal) -> None:
    done = terminal.run("client", "make", "审批系统", "--org", "ks-scjg", "--grant", "checks.run")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert not ApiClient.objects.get().allow_bearer
    assert not ClientKey.objects.exists()


@pytest.mark.parametrize("more", [["--grant", "everything"], ["--grant", "checks.run", "--days", "9999"]])
def test_a_client_with_a_wrong_grant_is_not_made_at_all(terminal: Terminal, more: list[str]) -> None:
    done = terminal.run("client", "make", "x", "--org", "ks-scjg", *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert not ApiClient.objects.exists()


def test_a_grant_is_limited_listed_and_taken_away(terminal: Terminal) -> None:
    terminal.run("client", "make", "审批系统", "--org", "ks-scjg")
    number = str(ApiClient.objects.get().pk)
    done = terminal.run(
        "client", "grant", number, "checks.run", "--item", "penalty", "--purpose", "政府采购", "--per-minute", "5"
    )
    assert done.returncode == 0, done.stderr
    made = ClientGrant.objects.get()
    assert (made.items, made.purposes, made.per_minute) == (["penalty"], ["政府采购"], 5)
    listed = terminal.run("client", "list").stdout
    for word in ("审批系统", "checks.run", "penalty", "政府采购", "5/min"):
        assert word in listed
    assert terminal.run("client", "withdraw", number, "--operation", "checks.run").returncode == 0
    again = terminal.run("client", "withdraw", number, "--operation", "checks.run")
    assert again.returncode == 2
    assert "chengxin client list" in again.stderr


@pytest.mark.parametrize("suite", ["international", "national"])
def test_an_engineer_signs_a_request_from_key_to_answer(
    terminal: Terminal, database_url: Callable[[str], str], tmp_path: Path, suite: str
) -> None:
    key, public = tmp_path / "client.key", tmp_path / "client.pem"
    made = terminal.run("api-key", str(key), "--suite", suite)
    assert made.returncode == 0, made.stderr
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    public.write_text(made.stdout, encoding="ascii")
    refused = terminal.run("api-key", str(key))
    assert refused.returncode == 2
    assert "不会被覆盖" in refused.stderr

    grants = [word for one in OPERATIONS for word in ("--grant", one)]
    registered = terminal.run("client", "make", "审批系统", "--org", "ks-scjg", "--public-key", str(public), *grants)
    assert registered.returncode == 0, registered.stderr
    key_id = registered.stdout.strip()
    assert ClientKey.objects.get().key_id == key_id

    file = tmp_path / "许可.csv"
    file.write_text("行政相对人名称\n甲\n", encoding="utf-8")
    signed = ("--key", str(key), "--key-id", key_id)
    with served("api", database_url("api"), tmp_path) as (host, port):
        base = f"http://{host}:{port}/api/v1"
        asked = json.dumps({"code": "91320583187588026H", "purpose": "政府采购"})
        checked = terminal.run("api-request", "POST", f"{base}/checks", *signed, "--json", asked)
        assert (checked.returncode, json.loads(checked.stdout)["result"]) == (0, "not_found"), checked.stderr
        handed = terminal.run(
            "api-request", "POST", f"{base}/batches", *signed, "--file", str(file), "--field", "item=licence"
        )
        assert (handed.returncode, json.loads(handed.stdout)["state"]) == (0, "received"), handed.stdout
        where = f"{base}/batches/{Batch.objects.get().pk}?x=1%2F2"
        assert terminal.run("api-request", "GET", where, *signed).returncode == 0
        stranger = terminal.run("api-request", "GET", where, "--key", str(key), "--key-id", "c9-nobody")
        assert (stranger.returncode, json.loads(stranger.stdout)["code"]) == (1, "unknown_key")
    gone = terminal.run("api-request", "GET", where, *signed)
    assert gone.returncode == 2
    assert "没有应答" in gone.stderr


def test_the_headers_are_shown_without_sending_anything(terminal: Terminal, tmp_path: Path) -> None:
    key = tmp_path / "client.key"
    terminal.run("api-key", str(key))
    shown = terminal.run(
        "api-request", "POST", "https://credit.example/api/v1/checks", "--key", str(key), "--key-id", "c1-x",
        "--json", "{}", "--headers",
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    names = [line.partition(":")[0] for line in shown.stdout.splitlines()]
    assert names == ["Content-Digest", "Content-Type", "Signature-Input", "Signature"]


@pytest.mark.parametrize("url", ["credit.example/x", "ftp://credit.example/x", "http:///x"])
def test_what_is_no_address_is_told_so(terminal: Terminal, tmp_path: Path, url: str) -> None:
    key = tmp_path / "client.key"
    key.write_text("x", encoding="ascii")
    done = terminal.run("api-request", "GET", url, "--key", str(key), "--key-id", "x")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_wrong_key_file_is_told_so(terminal: Terminal, tmp_path: Path) -> None:
    wrong = tmp_path / "x.pem"
    wrong.write_text("not a key", encoding="ascii")
    done = terminal.run("client", "make", "x", "--org", "ks-scjg", "--public-key", str(wrong))
    assert done.returncode == 2
    assert not ApiClient.objects.exists()
    request = terminal.run("api-request", "GET", "http://127.0.0.1:1/", "--key", str(wrong), "--key-id", "x")
    assert request.returncode == 2
    assert "api-key" in request.stderr


def test_the_access_matrix_is_printed_row_by_row(terminal: Terminal) -> None:
    lines = [json.loads(line) for line in terminal.run("access-matrix", "--json").stdout.splitlines()]
    assert len(lines) == len(load_entrances())
    upload = next(one for one in lines if (one["entrance"], one["method"]) == ("upload", "POST"))
    assert upload["duties"]["submitter"]
    assert not upload["duties"]["auditor"]
    assert not upload["client_with_grant"]
    assert next(one for one in lines if one["entrance"] == "check_one")["client_with_grant"]
    table = terminal.run("access-matrix").stdout
    assert "check_one" in table
    assert "bodies.merge everywhere" in table
