"""What the public end proposes where no name holds what was typed: abbreviations, pinyin, slips of typing."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.kernel.names import fold_name
from chengxin.publication.likely import likely_names
from chengxin.publication.queries import likely_bodies, search_bodies

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 23)
BODIES = (
    (1, "上海农村商业银行股份有限公司", ()),
    (2, "昆山市禾映电子科技有限公司", (("former", "昆山启岳五金厂"),)),
    (3, "昆山市禾映电子科技有限公司苏州分公司", ()),
    (4, "昆山紫麓食品有限公司", (("english", "Kunshan Zilu Foods Co., Ltd."),)),
)


@pytest.fixture(autouse=True)
def _shown(db: None) -> None:  # noqa: ARG001 - the database
    with connection.cursor() as cursor:
        for number, name, others in BODIES:
            cursor.execute(
                "INSERT INTO publication.body VALUES (%s, %s, 'enterprise', %s, '存续', '2020-01-01', NULL, %s)",
                [number, f"91320583MA{number:08d}", name, json.dumps({})],
            )
            cursor.executemany(
                "INSERT INTO publication.body_name VALUES (%s, %s, %s, %s)",
                [(number, kind, one, fold_name(one)) for kind, one in (("current", name), *others)],
            )


def likely(text: str) -> list[int]:
    return [hit.body.subject_id for hit in likely_bodies(text, DAY)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("沪农商行", 1),
        ("昆山禾映科技", 2),
        ("heying", 2),
        ("kunshan heying", 2),
        ("ksshy", 2),
        ("qiyue", 2),
        ("启月五金厂", 2),
        ("昆山禾英电子科技有限公司", 2),
        ("紫禄食品", 4),
        ("zilu foods", 4),
    ],
)
def test_an_abbreviation_pinyin_and_a_slip_lead_to_the_body(text: str, first: int) -> None:
    assert likely(text)[0] == first


def test_what_no_body_is_called_leads_nowhere() -> None:
    assert likely("完全没有这家") == []
    assert likely("") == []
    assert likely("zzzz") == []


def test_the_name_that_answered_is_told_with_its_kind() -> None:
    hit = likely_bodies("启月五金厂", DAY)[0]
    assert (hit.matched, hit.matched_kind) == ("昆山启岳五金厂", "former")
    assert hit.body.name == "昆山市禾映电子科技有限公司"


def test_the_parent_comes_before_its_branch_and_each_body_once() -> None:
    found = likely("禾英电子科技")
    assert found.index(2) < found.index(3)
    assert len(found) == len(set(found))


def test_a_body_that_is_no_longer_shown_is_not_proposed() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE publication.body SET shown_until = '2026-11-22' WHERE subject_id = 1")
    assert likely("沪农商行") == []


def test_no_more_are_proposed_than_asked_for() -> None:
    assert len(likely_bodies("禾英电子科技", DAY, limit=1)) == 1
    assert len(likely_names("heying", 1)) == 1


def test_what_is_proposed_is_kept_apart_from_what_was_found() -> None:
    assert search_bodies("沪农商行", DAY).hits == ()
    assert likely("沪农商行") == [1]


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=30))
def test_every_text_has_an_answer(text: str) -> None:
    assert set(likely(text)) <= {number for number, _, _ in BODIES}


@pytest.mark.parametrize("role", ["public", "office", "api", "worker"])
def test_the_public_role_and_the_ends_may_look_for_likely_names(role: str) -> None:
    with connection.cursor() as cursor:
        for function in ("names_with(text[], integer)", "name_keys(text)"):
            cursor.execute(
                "SELECT has_function_privilege(%s, %s, 'EXECUTE')", [f"chengxin_{role}", f"publication.{function}"]
            )
            assert cursor.fetchone() == (True,)
