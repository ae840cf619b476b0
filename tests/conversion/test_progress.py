"""Progress counts registered bodies: by registrar, by kind, month by month."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from chengxin.accounts.actor import Actor, operator
from chengxin.base.errors import NotPermitted
from chengxin.conversion.actions.find_conflicts import FindConflicts
from chengxin.conversion.progress import Standing, bulletin, by_kind, by_registrar, standing, total
from chengxin.conversion.settings import load_settings
from chengxin.subjects.models import Identifier, Subject
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_subject

WRONG = uscc(1)[:17] + ("0" if uscc(1)[17] != "0" else "1")


@pytest.fixture(autouse=True)
def _city(own_database: str) -> None:
    assert own_database
    make_subject("甲", WRONG, registration_number=registration_number(1))
    make_subject("乙", uscc(2))
    make_subject("丙", "", registration_number=registration_number(3))
    other = make_subject("丁", uscc(4))
    Subject.objects.filter(pk=other.pk).update(registrar="昆山市民政局", kind="unincorporated")
    gone = make_subject("戊", "", registration_number=registration_number(5))
    Subject.objects.filter(pk=gone.pk).update(status="注销")
    merged = make_subject("己", uscc(6))
    Subject.objects.filter(pk=merged.pk).update(merged_into=other)
    FindConflicts(NOW).execute()


def test_standing_by_registrar_and_kind() -> None:
    rows = standing(operator(), NOW)
    assert rows == (
        Standing("昆山市民政局", "unincorporated", 1, 1, 0, 0, 0),
        Standing("昆山市行政审批局", "legal_person", 3, 2, 1, 1, 1),
    )
    assert (round(rows[1].share, 1), round(rows[1].wrong_rate, 1)) == (66.7, 33.3)
    assert [one.bodies for one in by_registrar(rows)] == [1, 3]
    assert [(one.kind, one.bodies) for one in by_kind(rows)] == [("legal_person", 3), ("unincorporated", 1)]
    assert (total(rows).bodies, total(rows).with_uscc, total(()).share) == (4, 3, 0.0)


def test_the_bulletin_counts_by_the_month_in_legal_days() -> None:
    late = datetime(2026, 3, 31, 15, 59, tzinfo=UTC)  # 23:59 in Kunshan
    subject = Subject.objects.get(name="丙")
    Identifier.objects.create(subject=subject, kind="uscc", value=uscc(3), first_seen_at=late + timedelta(minutes=1))
    Subject.objects.filter(name="乙").update(made_at=late)
    Identifier.objects.filter(subject__name="乙").update(first_seen_at=late)
    Subject.objects.filter(name="丁").update(made_at=NOW - timedelta(days=40))
    Identifier.objects.filter(subject__name="丁").update(first_seen_at=NOW - timedelta(days=40))
    months = bulletin(operator(), date(2026, 1, 1), date(2026, 4, 1), NOW + timedelta(days=60))
    assert [(one.month.month, one.new_bodies, one.converted, one.bodies, one.with_uscc) for one in months] == [
        (1, 1, 1, 1, 1),
        (2, 0, 0, 1, 1),
        (3, 3, 2, 4, 3),
        (4, 0, 1, 4, 4),
    ]
    assert [one.wrong for one in months] == [0, 0, 1, 1]
    assert months[3].wrong_rate == 25.0


def test_progress_needs_its_operation() -> None:
    stranger = Actor("officer", "zhang", "x", frozenset())
    with pytest.raises(NotPermitted):
        standing(stranger, NOW)
    with pytest.raises(NotPermitted):
        bulletin(stranger, date(2026, 1, 1), date(2026, 1, 1), NOW)


def test_every_uncertain_setting_has_its_note() -> None:
    held = load_settings()
    assert "INFERENCE" in held.wrong_rate_on(date(2026, 3, 2)).note
    assert "INFERENCE" in held.clock_on(date(2026, 3, 2)).note
    assert held.rule_on(date(2026, 3, 2)).source
