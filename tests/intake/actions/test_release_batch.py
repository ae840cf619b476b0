"""A batch that is off waits with nothing loaded, until another person than its submitter has decided."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import yaml
from django.db import DatabaseError, connection, transaction

from chengxin.accounts.actor import Actor, officer_actor, operator
from chengxin.accounts.models import Organisation
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.base.events import subscribe
from chengxin.intake.actions.import_batch import BatchHeld, BatchRefused, ImportBatch
from chengxin.intake.actions.receive import ReceiveFile, inbox_path, sweep_inbox
from chengxin.intake.actions.release_batch import NotHeld, ReleaseBatch
from chengxin.intake.events import HoldDecided
from chengxin.intake.gate import load_thresholds
from chengxin.intake.models import Batch, HoldDecision, QuarantinedRow, Timeliness
from chengxin.intake.queries import batch_by_id, held_batches
from chengxin.intake.returned import EXTRA_COLUMNS
from chengxin.intake.tasks import end_holds, import_batch
from chengxin.records.models import Record
from chengxin.testing.city import NOW, ORGANISATION, import_path, import_rows, row, write_file
from chengxin.testing.making import make_officer, make_organisation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chengxin.testing.city import Row

LATER = NOW + timedelta(hours=3)


@pytest.fixture(autouse=True)
def strict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Judge files of four rows and more by a city's own file of limits; give the function that changes it."""
    own = tmp_path / "gate.yaml"
    monkeypatch.setenv("CHENGXIN_GATE", str(own))
    monkeypatch.setenv("CHENGXIN_NOW", NOW.isoformat())

    def set_limits(**changed: Any) -> None:
        limits = {
            "from": NOW.date(), "source": "a test", "least_rows": 4, "sent_back_most": 30, "linked_least": 50,
            "any_sent_back": False, "fill_of_usual_least": 50, "fill_usual_least": 20, "batches_least": 3,
            "batches_most": 10, "lines_most_times": 3, "lines_least_percent": 50, "keep_days": 15,
            "fields": {"penalty": ["fine_amount"], "registration": ["address"]},
        }  # fmt: skip
        own.write_text(yaml.safe_dump([limits | changed]), encoding="utf-8")
        load_thresholds.cache_clear()

    set_limits()
    yield set_limits
    load_thresholds.cache_clear()


@pytest.fixture(autouse=True)
def zhang(city: Path) -> Actor:
    """Give an officer of the organisation who hands data in and may release too."""
    assert city
    return officer("zhang", "submitter", "releaser")


def officer(username: str, *roles: str, organisation: str = ORGANISATION) -> Actor:
    return officer_actor(make_officer(Organisation.objects.get(code=organisation), username, *roles))


def penalties(count: int, *, bad: int = 0, first: int = 1, **changed: str) -> list[Row]:
    rows = [row("penalty", "G3", number, **changed) for number in range(first, first + count)]
    return [one | ({"facts": ""} if place < bad else {}) for place, one in enumerate(rows)]


def hand_in(folder: Path, actor: Actor, rows: list[Row], item: str = "penalty") -> int:
    """Hand a file in as an officer does and let the worker's job run; return the batch."""
    path = write_file(folder / f"{Batch.objects.count()}.csv", item, "R1" if item == "registration" else "G3", rows)
    with path.open("rb") as content:
        received = ReceiveFile(actor, ORGANISATION, item, path.name, content, "office", NOW, queue=True).execute()
    import_batch.func(batch_id=received.batch_id)
    return received.batch_id


def decide(actor: Actor, batch: int, *, release: bool = True, reason: str = "已核对原文", **more: Any) -> HoldDecision:
    values: dict[str, Any] = {"release": release, "reason": reason, "now": LATER}
    return ReleaseBatch(actor, batch, **(values | more)).execute()


def off(batch: int) -> list[str]:
    hold = Batch.objects.get(pk=batch).hold
    return [one["code"] for one in hold["figures"] if one["off"]] if hold else []


def nothing_loaded() -> bool:
    return not any(model.objects.exists() for model in (Record, QuarantinedRow, Timeliness))


def test_a_batch_that_is_off_waits_with_its_figures_and_nothing_is_loaded(tmp_path: Path, zhang: Actor) -> None:
    number = hand_in(tmp_path, zhang, penalties(6, bad=2))
    batch = Batch.objects.get(pk=number)
    assert (batch.state, batch.lines, batch.receipt, batch.refusal, batch.finished_at) == ("held", 6, None, None, None)
    assert off(number) == ["sent_back"]
    assert batch.measures == {
        "lines": 6, "sent_back": 2, "linked": None, "filled": {"fine_amount": 6}, "correction": False
    }  # fmt: skip
    assert [(rule["field"], rule["rows"]) for rule in (batch.hold or {})["rules"]] == [("违法事实", 2)]
    assert nothing_loaded()
    assert inbox_path(number).exists()
    event = Event.objects.get(action="batch.held", object=str(number))
    assert (event.detail["off"], event.detail["sent_back"]) == (["sent_back"], 2)
    view = batch_by_id(zhang, number)
    assert (view.waits, view.decision, view.state_label) == (True, None, "待复核")


def test_a_second_run_and_a_sweep_leave_a_held_batch_as_it_is(tmp_path: Path, zhang: Actor) -> None:
    number = hand_in(tmp_path, zhang, penalties(6, bad=2))
    before = Batch.objects.filter(pk=number).values().get()
    sweep_inbox()
    with pytest.raises(BatchHeld) as held:
        ImportBatch(number, lambda: LATER).execute()
    assert "6 行中有 2 行未通过校验（33.3%），超过 30% 的界限" in held.value.message_zh
    assert Batch.objects.filter(pk=number).values().get() == before
    assert inbox_path(number).exists()
    assert nothing_loaded()


def test_another_officer_releases_it_and_the_good_rows_go_in(tmp_path: Path, zhang: Actor) -> None:
    told: list[HoldDecided] = []
    subscribe(HoldDecided, told.append)
    number = hand_in(tmp_path, zhang, penalties(6, bad=2))
    li = officer("li", "releaser")
    assert [one.id for one in held_batches(li).rows] == [number]
    made = decide(li, number, reason="原件 31010119800101123X 已核对")
    assert (made.outcome, made.decided_by, made.decided_at) == ("release", "li", LATER)
    assert "31010119800101123X" not in made.reason
    assert held_batches(li).rows == ()
    import_batch.func(batch_id=number)
    batch = Batch.objects.get(pk=number)
    assert (batch.state, (batch.receipt or {})["accepted"], (batch.receipt or {})["quarantined"]) == ("published", 4, 2)
    assert off(number) == ["sent_back"]
    assert not inbox_path(number).exists()
    event = Event.objects.get(action="batch.released")
    assert (event.actor, event.object) == ("li", str(number))
    assert event.detail == {"submitted_by": "zhang", "organisation": ORGANISATION, "off": ["sent_back"]}
    assert told[-1].outcome == "release"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE args ->> 'batch_id' = %s", [str(number)])
        assert cursor.fetchone()[0] >= 2


def test_sent_back_it_is_refused_with_the_reason_and_the_file_may_come_again(tmp_path: Path, zhang: Actor) -> None:
    number = hand_in(tmp_path, zhang, penalties(6, bad=2))
    decide(officer("li", "releaser"), number, release=False, reason="列错位")
    import_batch.func(batch_id=number)
    batch = Batch.objects.get(pk=number)
    assert (batch.state, (batch.refusal or {})["code"]) == ("refused", "sent_back_by_releaser")
    assert (batch.refusal or {})["message"] == "复核人 li 退回了这个批次，理由：列错位"
    assert nothing_loaded()
    assert not inbox_path(number).exists()
    assert Event.objects.filter(action="batch.sent_back").count() == 1
    assert hand_in(tmp_path, zhang, penalties(6, bad=2)) != number


def test_nobody_decides_about_a_batch_of_ones_own(tmp_path: Path, zhang: Actor) -> None:
    number = hand_in(tmp_path, zhang, penalties(6, bad=2))
    for release in (True, False):
        with pytest.raises(NotPermitted) as refused:
            decide(zhang, number, release=release)
        assert refused.value.code == "own_batch"
    assert not HoldDecision.objects.exists()
    assert not Event.objects.filter(action__in=["batch.released", "batch.sent_back"]).exists()


def test_another_organisations_releaser_sees_nothing_and_the_centre_may(tmp_path: Path, zhang: Actor) -> None:
    number = hand_in(tmp_path, zhang, penalties(6, bad=2))
    make_organisation("tax")
    stranger = officer("wang", "releaser", organisation="tax")
    assert held_batches(stranger).rows == ()
    with pytest.raises(NotFound):
        decide(stranger, number)
    with pytest.raises(NotPermitted):
        decide(officer("chen", "submitter"), number)
    assert decide(officer("sun", "centre", organisation="tax"), number).decided_by == "sun"


def test_a_decision_needs_a_reason_a_held_batch_and_is_made_once(tmp_path: Path, zhang: Actor) -> None:
    li = officer("li", "releaser")
    sound = hand_in(tmp_path, zhang, penalties(5))
    with pytest.raises(NotHeld):
        decide(li, sound)
    number = hand_in(tmp_path, zhang, penalties(6, bad=2, first=20))
    with pytest.raises(ChengxinError) as refused:
        decide(li, number, reason="  ")
    assert refused.value.code == "reason_missing"
    decide(li, number)
    with pytest.raises(NotHeld):
        decide(officer("sun", "centre"), number, release=False)


def test_while_an_import_has_the_batch_a_decision_says_so(
    tmp_path: Path, zhang: Actor, connect_as: Callable[[str], psycopg.Connection[Any]]
) -> None:
    number = hand_in(tmp_path, zhang, penalties(6, bad=2))
    with connect_as("worker") as other:
        other.execute("SELECT pg_advisory_lock(hashtext('intake.batch'), %s)", [number])
        with pytest.raises(NotHeld) as refused:
            decide(officer("li", "releaser"), number)
    assert refused.value.code == "batch_under_way"


def test_after_its_days_a_held_batch_is_refused_and_its_file_goes(
    tmp_path: Path, zhang: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = hand_in(tmp_path, zhang, penalties(6, bad=2))
    over = NOW + timedelta(days=15)
    monkeypatch.setenv("CHENGXIN_NOW", (over - timedelta(minutes=1)).isoformat())
    end_holds.func(timestamp=0)
    assert Batch.objects.get(pk=number).state == "held"
    with pytest.raises(NotHeld) as refused:
        decide(officer("li", "releaser"), number, now=over)
    assert refused.value.code == "hold_is_over"
    monkeypatch.setenv("CHENGXIN_NOW", over.isoformat())
    end_holds.func(timestamp=0)
    batch = Batch.objects.get(pk=number)
    assert (batch.state, (batch.refusal or {})["code"]) == ("refused", "hold_is_over")
    assert not inbox_path(number).exists()


def test_rows_tied_to_nobody_hold_a_file_once_there_is_a_register(tmp_path: Path, zhang: Actor) -> None:
    assert Batch.objects.get(pk=hand_in(tmp_path, zhang, penalties(5))).state == "published"
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", number) for number in range(1, 4)])
    few = hand_in(tmp_path, zhang, penalties(6, first=2))
    assert (Batch.objects.get(pk=few).state, off(few)) == ("held", ["linked"])
    assert (Batch.objects.get(pk=few).measures or {})["linked"] == 2
    half = hand_in(tmp_path, zhang, penalties(4, first=2, fine_amount="2"))
    assert Batch.objects.get(pk=half).state == "published"


def test_a_column_that_is_suddenly_empty_and_a_file_too_long_or_short_are_held(tmp_path: Path, zhang: Actor) -> None:
    for first in (1, 11, 21):
        assert Batch.objects.get(pk=hand_in(tmp_path, zhang, penalties(8, first=first))).state == "published"
    empty = penalties(8, first=31, fine_amount="", penalty_kind="警告")
    assert off(hand_in(tmp_path, zhang, empty)) == ["fill_fine_amount"]
    assert off(hand_in(tmp_path, zhang, penalties(25, first=41))) == ["lines"]
    assert Batch.objects.get(pk=hand_in(tmp_path, zhang, penalties(24, first=71))).state == "published"
    assert off(hand_in(tmp_path, zhang, penalties(3, first=101))) == []


def test_a_mended_file_of_rows_sent_back_is_not_measured_by_its_length(tmp_path: Path, zhang: Actor) -> None:
    for first in (1, 31, 61):
        hand_in(tmp_path, zhang, penalties(20, first=first))
    mended: dict[str, Any] = dict.fromkeys(EXTRA_COLUMNS, "1")
    assert import_rows(tmp_path, "penalty", "G3", penalties(5, first=91), **mended).accepted == 5
    with pytest.raises(BatchHeld):
        import_rows(tmp_path, "penalty", "G3", penalties(5, first=121))


def test_a_registration_is_held_before_it_makes_a_body(tmp_path: Path, zhang: Actor) -> None:
    rows = [row("registration", "R1", number, **({"status": ""} if number < 3 else {})) for number in range(1, 7)]
    number = hand_in(tmp_path, zhang, rows, "registration")
    assert off(number) == ["sent_back"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM subjects_subject")
        assert cursor.fetchone() == (0,)
    decide(officer("li", "releaser"), number)
    import_batch.func(batch_id=number)
    assert (Batch.objects.get(pk=number).receipt or {})["accepted"] == 4


def test_a_city_may_let_one_row_sent_back_hold_the_good_ones(
    tmp_path: Path, zhang: Actor, strict: Callable[..., None]
) -> None:
    assert Batch.objects.get(pk=hand_in(tmp_path, zhang, penalties(50, bad=1))).state == "published"
    strict(any_sent_back=True)
    assert off(hand_in(tmp_path, zhang, penalties(50, bad=1, first=60))) == ["sent_back"]


def test_the_operator_releases_at_once_with_a_reason(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.csv", "penalty", "G3", penalties(6, bad=2))
    with pytest.raises(BatchHeld) as held:
        import_path(path, "penalty")
    assert held.value.where == str(Batch.objects.get().pk)
    receipt = import_path(path, "penalty", release="整批核对过")
    assert (receipt.accepted, receipt.quarantined) == (4, 2)
    decision = HoldDecision.objects.get()
    assert (decision.decided_by_kind, decision.reason) == ("operator", "整批核对过")
    assert import_path(path, "penalty", release="再来一次") == receipt
    assert HoldDecision.objects.count() == 1


def test_a_batch_of_the_command_line_that_is_sent_back_keeps_its_decision(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.csv", "penalty", "G3", penalties(6, bad=2))
    with pytest.raises(BatchHeld):
        import_path(path, "penalty")
    number = Batch.objects.get().pk
    decide(officer("li", "releaser"), number, release=False, reason="列错位", queue=False)
    with pytest.raises(BatchRefused):
        import_path(path, "penalty")
    assert Batch.objects.get(pk=number).state == "refused"


def test_the_database_itself_refuses_the_submitter_a_stranger_and_a_change(
    tmp_path: Path, zhang: Actor, connect_as: Callable[[str], psycopg.Connection[Any]]
) -> None:
    number = hand_in(tmp_path, zhang, penalties(6, bad=2))
    own = Organisation.objects.get(code=ORGANISATION).pk
    other = make_organisation("tax").pk
    insert = """INSERT INTO core.intake_holddecision
        (batch_id, outcome, reason, decided_by, decided_by_kind, decided_for, decided_at)
        VALUES (%s, 'release', 'x', %s, 'officer', '', now())"""
    with connect_as("office") as office:
        for name, organisation, written in (("zhang", own, "zhang"), ("wang", other, "wang"), ("zhang", own, "li")):
            office.execute("BEGIN")
            act(office, name, organisation)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                office.execute(insert, [number, written])
            office.execute("ROLLBACK")
        office.execute("BEGIN")
        act(office, "li", own)
        office.execute(insert, [number, "li"])
        office.execute("COMMIT")
    for change in ("UPDATE intake_holddecision SET reason = ''", "DELETE FROM intake_holddecision"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
    assert HoldDecision.objects.get().decided_by == "li"


def act(office: psycopg.Connection[Any], name: str, organisation: int) -> None:
    for setting, value in (("actor_kind", "officer"), ("actor", name), ("organisation", str(organisation))):
        office.execute("SELECT set_config(%s, %s, true)", [f"chengxin.{setting}", value])


def test_the_operator_stands_for_nobody_else(tmp_path: Path, zhang: Actor) -> None:
    number = hand_in(tmp_path, zhang, penalties(6, bad=2))
    made = decide(operator(), number, queue=False)
    assert (made.decided_by, made.decided_by_kind, made.decided_for) == ("cli", "operator", "")
    receipt = ImportBatch(number, lambda: LATER).execute()
    assert receipt.accepted == 4
