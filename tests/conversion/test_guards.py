"""Who may read and change what of this room in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from chengxin.accounts.actor import Actor, operator
from chengxin.base.context import acting
from chengxin.base.isolation import holes
from chengxin.conversion.actions.carry_out import CarryOutAnswer
from chengxin.conversion.actions.correct import AnswerCorrection, AskCorrection
from chengxin.conversion.actions.find_conflicts import FindConflicts
from chengxin.conversion.actions.import_mapping import ImportCodeMapping
from chengxin.conversion.models import Conflict, Request
from chengxin.subjects.models import Subject
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.ends import as_role
from chengxin.testing.making import NOW, make_organisation, make_subject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def asked(own_database: str) -> dict[str, int]:
    """Ask one of two registrars about a code; return the registrars' numbers."""
    assert own_database
    made = {code: make_organisation(code, registrar=True).pk for code in ("scjg", "mzj")}
    make_subject(uscc=uscc(1), registration_number=registration_number(1))
    make_subject("昆山乙有限公司", uscc(2), registration_number=registration_number(1))
    Subject.objects.update(registrar="昆山市scjg局")
    FindConflicts(NOW).execute()
    AskCorrection(operator(), Conflict.objects.get().pk, "scjg", "", NOW).execute()
    return made


def act(connection: psycopg.Connection[Any], organisation: int | None, *, everywhere: bool = False) -> None:
    connection.execute(
        "SELECT set_config('chengxin.actor_kind', 'officer', true), set_config('chengxin.organisation', %s, true),"
        " set_config('chengxin.everywhere', %s, true)",
        [str(organisation or ""), "on" if everywhere else "off"],
    )


@pytest.mark.parametrize(
    ("who", "everywhere", "rows"), [("scjg", False, 1), ("mzj", False, 0), ("", False, 0), ("mzj", True, 1)]
)
def test_a_request_belongs_to_its_registrar(
    asked: dict[str, int],
    connect_as: Callable[..., Any],
    who: str,
    rows: int,
    *,
    everywhere: bool,
) -> None:
    office = connect_as("office")
    with office.transaction():
        act(office, asked.get(who), everywhere=everywhere)
        assert office.execute("SELECT count(*) FROM conversion_request").fetchone() == (rows,)
        assert office.execute("UPDATE conversion_request SET note = 'x'").rowcount == rows


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("api", "SELECT * FROM conversion_request"),
        ("office", "UPDATE conversion_request SET due_on = '2099-01-01'"),
        ("office", "DELETE FROM conversion_request"),
        ("office", "INSERT INTO conversion_pair DEFAULT VALUES"),
        ("office", "UPDATE conversion_conflict SET evidence = '[]'"),
        ("worker", "DELETE FROM conversion_pair"),
        ("public", "SELECT * FROM core.conversion_pair"),
    ],
)
def test_what_no_process_needs_no_process_may(
    asked: dict[str, int], connect_as: Callable[..., Any], role: str, statement: str
) -> None:
    assert asked
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect_as(role).execute(statement)


def test_row_security_has_no_hole(asked: dict[str, int]) -> None:
    from django.db import connection  # noqa: PLC0415 - after the fixtures

    assert asked
    with connection.cursor() as cursor:
        assert [hole for hole in holes(cursor) if "conversion" in hole.where] == []


def test_the_worker_may_do_all_that_it_has_to(asked: dict[str, int], tmp_path: Path) -> None:
    assert asked
    right = Subject.objects.get(uscc=uscc(2)).pk
    said = Actor("officer", "li", "scjg", frozenset({"codes.answer"}))
    request = Request.objects.get()
    AnswerCorrection(said, request.pk, "right_code", NOW, subject_id=right, document="函").execute()
    feed = tmp_path / "feed.csv"
    feed.write_text(f"统一社会信用代码,税务登记号\n{uscc(1)},320583{uscc(1)[8:17]}\n", encoding="utf-8")
    with as_role("worker"), acting("operator", "cli", everywhere=True):
        carried = CarryOutAnswer(request.pk, NOW).execute()
        receipt = ImportCodeMapping(operator(), feed, NOW).execute()
    assert (carried.outcome or {})["left"] == []
    assert [one["code"] for one in (carried.outcome or {})["refused"]] == [registration_number(1)]
    # The tax number, and the organisation code inside the credit code, which this body was made without.
    assert (receipt.added, receipt.codes) == (1, 2)
