"""The API end as the process it is in production: gunicorn, its own role, real requests."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

from chengxin.accounts.actor import OPERATIONS
from chengxin.intake.models import Batch
from chengxin.testing.ends import served
from chengxin.testing.making import make_client, make_organisation, make_record, make_subject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

USCC = "91320583187588026H"
FILE = "行政相对人名称,统一社会信用代码\r\n昆山甲,91320583187588026H\r\n"


def _send(
    where: tuple[str, int], method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, str, Any]:
    connection = http.client.HTTPConnection(*where, timeout=20)
    connection.request(method, f"/api/v1{path}", body, headers or {})
    response = connection.getresponse()
    answer = json.loads(response.read())
    kind = response.headers.get_content_type()
    connection.close()
    return response.status, kind, answer


def _form(item: str) -> bytes:
    parts = [
        '--edge\r\nContent-Disposition: form-data; name="item"\r\n\r\n' + item,
        '--edge\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n'
        "Content-Type: text/csv\r\n\r\n" + FILE,
        "--edge--\r\n",
    ]
    return "\r\n".join(parts).encode()


def test_another_system_hands_in_looks_up_and_checks(
    own_database: str, database_url: Callable[[str], str], tmp_path: Path
) -> None:
    assert own_database
    token = {"Authorization": f"Bearer {make_client(make_organisation(), *OPERATIONS)}"}
    make_record(1, make_subject())
    with served("api", database_url("api"), tmp_path) as where:
        assert _send(where, "GET", "/healthz") == (200, "application/json", {"status": "ok"})
        form = {"Content-Type": "multipart/form-data; boundary=edge"} | token
        status, _, batch = _send(where, "POST", "/batches", _form("licence"), form)
        assert (status, batch["state"], batch["already"]) == (202, "received", False)
        assert (tmp_path / "inbox" / str(batch["batch_id"])).read_bytes() == FILE.encode()
        status, _, again = _send(where, "POST", "/batches", _form("licence"), form)
        assert (status, again["batch_id"], again["already"]) == (200, batch["batch_id"], True)
        assert _send(where, "GET", f"/batches/{batch['batch_id']}", headers=token)[2]["state"] == "received"
        assert _send(where, "GET", f"/subjects/{USCC}", headers=token)[2]["name"] == "昆山甲科技有限公司"
        question = json.dumps({"code": USCC, "purpose": "投标资格审查"}).encode()
        status, _, answer = _send(where, "POST", "/checks", question, {"Content-Type": "application/json"} | token)
        assert (status, answer["result"], len(answer["facts"])) == (200, "found", 1)
        status, kind, problem = _send(where, "GET", "/nothing")
        assert (status, kind, problem["code"]) == (404, "application/problem+json", "not_found")
    assert Batch.objects.count() == 1


def test_with_the_database_away_a_check_could_not_be_made(tmp_path: Path) -> None:
    nowhere = f"postgresql://chengxin_api:x@{str(tmp_path).replace('/', '%2F')}/none"
    with served("api", nowhere, tmp_path) as where:
        question = json.dumps({"code": USCC, "purpose": "投标资格审查"}).encode()
        sent = {"Content-Type": "application/json", "Authorization": "Bearer any"}
        status, kind, answer = _send(where, "POST", "/checks", question, sent)
        assert (status, kind) == (503, "application/problem+json")
        assert (answer["result"], answer["reason"]) == ("could_not_search", "database_unavailable")
        assert answer["facts"] is None
        assert _send(where, "GET", "/healthz")[0] == 503
    assert "postgresql://" not in (tmp_path / "api.log").read_text(encoding="utf-8")
