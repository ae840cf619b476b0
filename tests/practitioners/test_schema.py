"""No column of this room can hold a figure about a person, and nothing here lists, counts or grades persons."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from django.db import connection

import chengxin.practitioners
from chengxin.base.errors import NotPermitted
from chengxin.practitioners.occupations import (
    load_occupations,
    occupation_in_force,
    read_occupations,
    require_registrar,
)

ROOM = Path(chengxin.practitioners.__file__).parent
MAY_BE_NUMBERS = re.compile(r"(?:.+_)?id|version|(?:.+_)?(?:year|month|day)")
JUDGING = re.compile(r"score|grade|rank|star|level|rating|percentile|point|count|total|weight|colou?r", re.IGNORECASE)

COLUMNS = """
SELECT c.relname, a.attname, t.typname, t.typcategory FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_type t ON t.oid = a.atttypid WHERE c.relnamespace = 'core'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
AND c.relname LIKE 'practitioners\\_%%' AND a.attnum > 0 AND NOT a.attisdropped
"""


def columns() -> list[tuple[str, str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        return [(str(table), str(name), str(kind), str(sort)) for table, name, kind, sort in cursor.fetchall()]


def wrong() -> set[str]:
    """Return the columns that could hold a figure about a person: numbers, loose documents, arrays, judging names."""
    found = set()
    for table, name, kind, sort in columns():
        number = sort == "N" and not MAY_BE_NUMBERS.fullmatch(name)
        loose = (kind in {"json", "jsonb", "xml", "hstore"} and table != "practitioners_takenfile") or sort == "A"
        if number or loose or JUDGING.search(name):
            found.add(f"{table}.{name}")
    return found


@pytest.mark.django_db
def test_no_column_holds_a_figure_about_a_person() -> None:
    assert len(columns()) > 25
    assert wrong() == set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "column",
    ["score integer", "merit numeric", "penalties smallint", "grade text", "risk real", "profile jsonb", "a text[]",
     "worth money"],
)  # fmt: skip
def test_a_column_that_could_is_found(column: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE practitioners_practitioner ADD {column}")
    assert wrong() == {f"practitioners_practitioner.{column.split(maxsplit=1)[0]}"}


@pytest.mark.django_db
def test_a_table_about_a_file_has_no_way_to_a_person() -> None:
    held = {name for table, name, _kind, _sort in columns() if table == "practitioners_takenfile"}
    assert held == {"id", "organisation_id", "occupation", "blind", "receipt", "taken_at"}


def test_the_room_has_no_list_of_persons() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in ROOM.rglob("*.py"))
    assert not re.search(r"__?(?:i?contains|i?startswith|i?endswith|i?regex)\b|LIKE|ILIKE", text)
    assert not re.search(r"Practitioner\.objects\.(?:all|count|annotate|aggregate)\b", text)


def test_every_occupation_has_a_statute_a_day_and_a_registrar() -> None:
    for one in load_occupations().values():
        assert re.search(r"法 第.+条", one.basis), one.key
        assert one.registrars["kunshan"]
        assert one.name
        assert one.name_en
    with pytest.raises(ValueError, match="statutory basis"):
        read_occupations(
            "- {key: neighbour, name: 邻居, en: x, from: 2020-01-01, until: null, basis: ' ', registrars: {}}"
        )


def test_an_occupation_is_one_from_its_first_day_to_its_last() -> None:
    lawyer = load_occupations()["lawyer"]
    assert occupation_in_force("lawyer", lawyer.start) is lawyer
    with pytest.raises(Exception, match="法定执业类别"):
        occupation_in_force("lawyer", date(2000, 1, 1))
    require_registrar(lawyer, "kunshan", "ks-sfj")
    for city, organisation in (("kunshan", "ks-scjg"), ("elsewhere", "ks-sfj")):
        with pytest.raises(NotPermitted):
            require_registrar(lawyer, city, organisation)
