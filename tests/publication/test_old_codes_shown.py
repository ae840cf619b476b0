"""The older codes of a published body are published with it, and lead to it; tax numbers never are."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db import connection

from chengxin.publication.old_codes import body_by_old_code, codes_of_body
from chengxin.subjects.actions.refuse_code import RefuseCode
from chengxin.subjects.models import Subject
from chengxin.testing.bodies import register_bodies
from chengxin.testing.city import city, import_rows, places_of, registration_number, row, uscc  # noqa: F401 - a fixture
from chengxin.testing.making import NOW

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2026, 3, 3)


def shown() -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, code FROM publication.body_code")
        return set(cursor.fetchall())


def test_codes_come_with_the_registration_and_follow_it(city: Path) -> None:  # noqa: F811 - the fixture
    tax = f"320583{uscc(1)[8:17]}"
    import_rows(city, "registration", "R1", [row("registration", "R1", 1, tax_number=tax)])
    assert shown() == {("registration_number", registration_number(1)), ("organisation_code", uscc(1)[8:17])}
    found = body_by_old_code("registration_number", registration_number(1), DAY)
    assert found is not None
    assert (found.uscc, found.name) == (uscc(1), "昆山演练1号有限公司")
    assert body_by_old_code("organisation_code", uscc(1)[8:17], DAY) == codes_of_body(found.subject_id, DAY)[1]
    assert not [place for place in places_of(tax) if place.startswith("publication.")]


def test_a_code_that_a_second_body_claims_leads_nowhere_until_it_is_refused(city: Path) -> None:  # noqa: F811
    import_rows(city, "registration", "R1", [row("registration", "R1", 1)])
    register_bodies({"uscc": uscc(2), "registration_number": registration_number(1)}, now=NOW, entries=False)
    assert body_by_old_code("registration_number", registration_number(1), DAY) is None
    second = Subject.objects.get(uscc=uscc(2))
    said = ("officer", "li", "ks-scjg")
    RefuseCode(said, second.pk, "registration_number", registration_number(1), "函", NOW + timedelta(days=1)).execute()
    assert body_by_old_code("registration_number", registration_number(1), DAY) is not None


def test_a_replaced_credit_code_leaves_its_organisation_code_behind(city: Path) -> None:  # noqa: F811
    import_rows(city, "registration", "R1", [row("registration", "R1", 1)])
    new = row("registration", "R1", 1, uscc=uscc(2), former_uscc=uscc(1))
    import_rows(city, "registration", "R1", [new], now=NOW + timedelta(days=1))
    found = body_by_old_code("organisation_code", uscc(1)[8:17], DAY)
    assert found is not None
    assert found.uscc == uscc(2)
