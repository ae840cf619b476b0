"""The operator looks one body up: as it stands, as it stood, by an old code too."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chengxin.audit.models import Event
from chengxin.testing.bodies import register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW

if TYPE_CHECKING:
    from tests.cli.conftest import Terminal


@pytest.fixture
def body(terminal: Terminal) -> Terminal:
    """A body that changed its name a month later and its code another month later."""
    first = {"uscc": uscc(1), "name": "昆山甲有限公司", "registration_number": registration_number(1)}
    register_bodies(first, now=NOW)
    register_bodies(first | {"name": "昆山乙有限公司"}, now=NOW + timedelta(days=30))
    register_bodies(
        first | {"name": "昆山乙有限公司", "uscc": uscc(2), "former_uscc": uscc(1)}, now=NOW + timedelta(60)
    )
    return terminal


@pytest.mark.parametrize("code", [uscc(1), uscc(2), registration_number(1), f" {uscc(2).lower()} "])
def test_every_code_of_the_body_shows_it(body: Terminal, code: str) -> None:
    done = body.run("bodies", "show", code, "--json", CHENGXIN_NOW=(NOW + timedelta(days=90)).isoformat())
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["name"], found["uscc"], found["certain"]) == ("昆山乙有限公司", uscc(2), True)
    ended = {one["value"]: one["replaced_by"] for one in found["codes"] if one["kind"] == "uscc"}
    assert ended == {uscc(1): uscc(2), uscc(2): ""}
    assert {(one["kind"], one["name"]) for one in found["names"]} == {
        ("current", "昆山乙有限公司"),
        ("former", "昆山甲有限公司"),
    }
    assert Event.objects.filter(action="subject.viewed").count() == 1


@pytest.mark.parametrize(
    ("day", "name", "code", "certain"),
    [
        ("2026-02-01", "昆山甲有限公司", uscc(1), False),
        ("2026-03-02", "昆山甲有限公司", uscc(1), True),
        ("2026-04-01", "昆山乙有限公司", uscc(1), True),
        ("2026-05-01", "昆山乙有限公司", uscc(2), True),
    ],
)
def test_a_day_in_the_past_shows_how_it_stood(body: Terminal, day: str, name: str, code: str, certain: bool) -> None:  # noqa: FBT001
    now = (NOW + timedelta(days=90)).isoformat()
    done = body.run("bodies", "show", uscc(2), "--on", day, "--json", CHENGXIN_NOW=now)
    found = json.loads(done.stdout)
    assert (found["name"], found["uscc"], found["certain"]) == (name, code, certain)


def test_the_table_names_codes_names_and_state(body: Terminal) -> None:
    done = body.run("bodies", "show", uscc(2), CHENGXIN_NOW=(NOW + timedelta(days=90)).isoformat())
    for words in ("昆山乙有限公司", "昆山甲有限公司", f"{uscc(1)} → {uscc(2)}", "存续", registration_number(1)):
        assert words in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((uscc(9),), "没有代码为"),
        ((uscc(1), "--on", "昨天"), "日期写法"),
        ((uscc(1), "--on", "20260101"), "日期写法"),
        ((uscc(1), "--on", "2026-W01-4"), "日期写法"),
        ((uscc(1), "--on", "2026-02-30"), "日期写法"),
    ],
)
def test_a_refusal_is_a_sentence(terminal: Terminal, arguments: tuple[str, ...], words: str) -> None:
    done = terminal.run("bodies", "show", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
