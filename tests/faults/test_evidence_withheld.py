"""No evidence, no answer: with the audit table locked, full or slow the API says 503 and the public end goes on."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from chengxin.accounts.models import Organisation
from chengxin.audit.models import Event
from chengxin.intake.models import Batch
from chengxin.testing.city import ORGANISATION, import_rows, row, uscc
from chengxin.testing.ends import served
from chengxin.testing.making import make_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LIMIT = 2.0
"""Seconds within which the refusal is out."""


@contextmanager
def locked(url: str) -> Iterator[None]:
    with psycopg.connect(url, options="-c search_path=core") as holder:
        holder.execute("LOCK TABLE audit_event IN ACCESS EXCLUSIVE MODE")
        yield


@contextmanager
def broken_by(url: str, body: str) -> Iterator[None]:
    """Let a trigger stand before every event."""
    with psycopg.connect(url, autocommit=True, options="-c search_path=core") as owner:
        begins = "CREATE FUNCTION core.trouble() RETURNS trigger LANGUAGE plpgsql AS"
        owner.execute(f"{begins} $$ BEGIN {body} RETURN NEW; END $$".encode())
        owner.execute("CREATE TRIGGER aaa BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION core.trouble()")
        yield
        owner.execute("DROP TRIGGER aaa ON audit_event")


TROUBLES: dict[str, Callable[[str], Any]] = {
    "locked": locked,
    "full": lambda url: broken_by(url, "RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full';"),
    "slow": lambda url: broken_by(url, "PERFORM pg_sleep(20);"),
}


def ask(place: tuple[str, int], method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, Any, float]:
    began = time.monotonic()
    asked = http.client.HTTPConnection(*place, timeout=30)
    headers = {"Authorization": "Bearer token-of-a-test"} | ({"Content-Type": kind} if kind else {})
    asked.request(method, path, body or None, headers)
    answer = asked.getresponse()
    said = answer.read()
    asked.close()
    return answer.status, said, time.monotonic() - began


def check(place: tuple[str, int]) -> tuple[int, Any, float]:
    asked = json.dumps({"code": uscc(1), "purpose": "投标资格审查"}).encode()
    return ask(place, "POST", "/api/v1/checks", asked, "application/json")


def hand_in(place: tuple[str, int]) -> tuple[int, Any, float]:
    body = (
        '--x\r\nContent-Disposition: form-data; name="item"\r\n\r\nlicence\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b\r\n1,2\r\n--x--\r\n'
    )
    return ask(place, "POST", "/api/v1/batches", body.encode(), "multipart/form-data; boundary=x")


@pytest.mark.parametrize("trouble", TROUBLES)
def test_reads_and_writes_that_need_evidence_answer_503_in_time_and_the_public_end_goes_on(
    city: Path, tmp_path: Path, database_url: Callable[[str], str], trouble: str
) -> None:
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1)])
    make_client(Organisation.objects.get(code=ORGANISATION), "checks.run", "batches.submit", "subjects.read")
    with (
        served("api", database_url("api"), city) as api,
        served("public", database_url("public"), city) as public,
    ):
        assert check(api)[0] == 200
        before = Event.objects.count()
        with TROUBLES[trouble](database_url("superuser")):
            for act in (check, hand_in, lambda place: ask(place, "GET", f"/api/v1/subjects/{uscc(1)}")):
                status, said, seconds = act(api)
                assert status == 503, said
                assert seconds < LIMIT
                assert "昆山演练1号有限公司" not in said.decode()
            status, said, seconds = ask(public, "GET", f"/?q={uscc(1)}")
            assert status in {200, 302, 404}
            assert ask(public, "GET", "/")[0] == 200
            assert seconds < LIMIT
        assert Event.objects.count() == before
        assert Batch.objects.filter(item="licence").count() == 0
        assert check(api)[0] == 200
        assert Event.objects.count() == before + 1
