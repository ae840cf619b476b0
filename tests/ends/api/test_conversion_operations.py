"""Departments convert older codes: one, many, all of them as a signed file; every look is on file."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.audit.models import Event
from chengxin.conversion.package import verify_package
from chengxin.crypto import load_keyring
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import make_client, make_subject

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.accounts.models import Organisation

NUMBER = registration_number(1)


@pytest.fixture
def token(organisation: Organisation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("CHENGXIN_KEYS", str(folder))
    make_subject(uscc=uscc(1), registration_number=NUMBER)
    for name, code in (("昆山乙有限公司", uscc(2)), ("昆山丙有限公司", uscc(3))):
        make_subject(name, code, registration_number=registration_number(2))
    return make_client(organisation, "codes.convert")


def test_one_code_is_converted_and_the_look_is_on_file(api: Any, token: str) -> None:
    answer = api.get(f"/codes/registration_number/{NUMBER}", token)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["state"], told["uscc"], told["registered"], told["source"]) == ("converted", uscc(1), True, "register")
    event = Event.objects.get(action="codes.converted")
    assert (event.object, event.detail["state"]) == ("registration_number", "converted")
    assert event.subject_id is not None


@pytest.mark.parametrize(
    ("kind", "value", "state"),
    [
        ("registration_number", registration_number(2), "ambiguous"),
        ("registration_number", registration_number(9), "unknown"),
        ("uscc", uscc(9), "unknown"),
        ("registration_number", NUMBER[:6] + " " + NUMBER[6:], "converted"),
    ],
)
def test_what_is_not_known_or_not_certain_is_said_so(api: Any, token: str, kind: str, value: str, state: str) -> None:
    told = api.get(f"/codes/{kind}/{value}", token).json()
    assert told["state"] == state
    assert (told["uscc"] != "") == (state == "converted")


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        ("registration_number", "3205830", "invalid_code"),
        ("uscc", uscc(1)[:9] + "O" + uscc(1)[10:], "invalid_code"),
        ("tax_number", "11010519491231002X", "personal_number"),
        ("registration_number", "110105491231002", "personal_number"),
    ],
)
def test_what_is_no_code_of_a_body_is_refused(api: Any, token: str, kind: str, value: str, code: str) -> None:
    answer = api.get(f"/codes/{kind}/{value}", token)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert code != "personal_number" or value not in answer.content.decode()
    assert not Event.objects.filter(action="codes.converted").exists()


def test_many_codes_are_answered_in_the_order_asked(api: Any, token: str) -> None:
    asked = [
        {"kind": "registration_number", "value": registration_number(9)},
        {"kind": "registration_number", "value": NUMBER},
        {"kind": "organisation_code", "value": "x"},
        {"kind": "tax_number", "value": "11010519491231002X"},
        {"kind": "registration_number", "value": NUMBER},
    ]
    answer = api.post("/codes/bulk", {"codes": asked}, token)
    assert answer.status_code == 200
    told = answer.json()["codes"]
    assert [one["state"] for one in told] == ["unknown", "converted", "invalid", "invalid", "converted"]
    assert "11010519491231002X" not in answer.content.decode()
    assert Event.objects.get(action="codes.converted").detail == {"asked": 5, "converted": 1}


def test_a_thousand_codes_are_the_most(api: Any, token: str) -> None:
    one = {"kind": "registration_number", "value": NUMBER}
    assert api.post("/codes/bulk", {"codes": [one] * 1000}, token).status_code == 200
    assert api.post("/codes/bulk", {"codes": [one] * 1001}, token).status_code == 422
    assert api.post("/codes/bulk", {"codes": []}, token).status_code == 422


def test_the_whole_mapping_is_fetched_and_verified(api: Any, token: str, tmp_path: Path) -> None:
    answer = api.get("/codes/file", token)
    assert answer.status_code == 200
    content = b"".join(answer.streaming_content)
    answer.close()
    place = tmp_path / "mapping.zip"
    place.write_bytes(content)
    keys = "".join(key.block() for key in load_keyring().public_keys("mapping"))
    assert verify_package(place, keys).rows == 1
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert uscc(1) in archive.read("mapping.csv").decode()
    assert Event.objects.get(action="codes.exported").detail["rows"] == 1


def test_without_the_grant_nothing_is_converted(api: Any, token: str, organisation: Organisation) -> None:
    assert token
    other = make_client(organisation, "subjects.read", token="another-token")
    for path in (f"/codes/registration_number/{NUMBER}", "/codes/file"):
        assert api.get(path, other).status_code == 403
    assert api.post("/codes/bulk", {"codes": []}, other).status_code == 403
