"""Searching the register by name: short, partial, former, mistyped, in pinyin; by every role that needs it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from chengxin.kernel.names import Verdict, fold_name
from chengxin.kernel.names.search.asking import read_asked
from chengxin.kernel.names.search.keys import loose_keys, sound_table, strict_keys
from chengxin.subjects import search
from chengxin.subjects.models import Name, Subject
from chengxin.subjects.search import search_names

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

NAMES = {
    "昆山市禾映电子科技有限公司": (),
    "昆山市禾映电子科技有限公司苏州分公司": (),
    "上海农村商业银行股份有限公司": (),
    "贵州茅台酒股份有限公司": (),
    "江苏昆山农村商业银行股份有限公司": (("former", "昆山市农村信用合作社"),),
    "昆山启岳精密机械有限公司": (("english", "Kunshan Qiyue Precision Co., Ltd."), ("former", "昆山嘉铭五金厂")),
    "昆山紫麓食品有限公司": (),
}


def registered(name: str, others: tuple[tuple[str, str], ...] = ()) -> int:
    subject = Subject.objects.create(
        kind="enterprise", name=name, uscc="", status="active", registrar="ks-scjg", made_at=NOW, changed_at=NOW
    )
    for kind, text in (("current", name), *others):
        Name.objects.create(subject=subject, kind=kind, name=text, folded=fold_name(text), first_seen_at=NOW)
    return subject.pk


@pytest.fixture
def bodies(db: None) -> dict[str, int]:  # noqa: ARG001 - the database
    return {name: registered(name, others) for name, others in NAMES.items()}


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("昆山市禾映电子科技有限公司", "昆山市禾映电子科技有限公司"),
        ("昆山禾映电子科技有限责任公司", "昆山市禾映电子科技有限公司"),
        ("禾映", "昆山市禾映电子科技有限公司"),
        ("茅台", "贵州茅台酒股份有限公司"),
        ("沪农商行", "上海农村商业银行股份有限公司"),
        ("昆山农商行", "江苏昆山农村商业银行股份有限公司"),
        ("农村信用合作社", "江苏昆山农村商业银行股份有限公司"),
        ("嘉铭五金厂", "昆山启岳精密机械有限公司"),
        ("Kunshan Qiyue Precision", "昆山启岳精密机械有限公司"),
        ("maotai", "贵州茅台酒股份有限公司"),
        ("gzmt", "贵州茅台酒股份有限公司"),
        ("qiyue", "昆山启岳精密机械有限公司"),
        ("ksqy", "昆山启岳精密机械有限公司"),
        ("启月精密", "昆山启岳精密机械有限公司"),
        ("昆山启岳精机械有限公司", "昆山启岳精密机械有限公司"),
        ("昆山紫禄食品有限公司", "昆山紫麓食品有限公司"),
        ("昆山紫麓實品有限公司", "昆山紫麓食品有限公司"),
        ("崑山啓岳精密機械有限公司", "昆山启岳精密机械有限公司"),
    ],
)
def test_a_name_finds_the_body_however_it_is_written(bodies: dict[str, int], asked: str, name: str) -> None:
    assert search_names([asked])[0][0].subject_id == bodies[name]


def test_the_answers_stand_in_the_order_of_the_questions(bodies: dict[str, int]) -> None:
    asked = ["茅台", "", "禾映", "没有这样的名称吧", "maotai"]
    found = search_names(asked)
    assert [some[0].subject_id if some else None for some in found] == [
        bodies["贵州茅台酒股份有限公司"],
        None,
        bodies["昆山市禾映电子科技有限公司"],
        None,
        bodies["贵州茅台酒股份有限公司"],
    ]


def test_a_candidate_shows_the_name_that_matched_with_verdict_score_and_reasons(bodies: dict[str, int]) -> None:
    same, branch = search_names(["昆山市禾映电子科技有限公司"])[0][:2]
    assert (same.verdict, same.score, same.name_kind) == (Verdict.SAME, 1.0, "current")
    assert branch.subject_id == bodies["昆山市禾映电子科技有限公司苏州分公司"]
    assert branch.verdict is Verdict.DIFFERENT
    assert "branch_and_parent" in {reason.code for reason in branch.reasons}
    former = search_names(["嘉铭五金厂"])[0][0]
    assert (former.name, former.name_kind) == ("昆山嘉铭五金厂", "former")
    assert "former_name" in {reason.code for reason in former.reasons}


def test_a_name_alone_is_never_more_than_a_proposal(bodies: dict[str, int]) -> None:
    assert bodies
    for some in search_names(["茅台", "沪农商行", "maotai"]):
        assert some[0].verdict is Verdict.REVIEW
        assert some[0].score < 0.85


def test_no_more_candidates_than_asked_for_and_each_body_once(bodies: dict[str, int]) -> None:
    assert bodies
    found = search_names(["昆山"], top=3)[0]
    assert len(found) == len({one.subject_id for one in found}) == 3


def test_two_statements_answer_any_number_of_names(bodies: dict[str, int]) -> None:
    assert bodies
    with connection.execute_wrapper(counting := Counting()):
        search_names(["茅台", "禾映", "没有这样的名称吧", "启月精密"])
    assert counting.statements == 2


class Counting:
    def __init__(self) -> None:
        self.statements = 0

    def __call__(self, execute: Callable[..., object], *rest: object) -> object:
        self.statements += 1
        return execute(*rest)


def test_very_many_names_are_answered_alike_from_memory(
    bodies: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bodies
    asked = ["茅台", "沪农商行", "昆山启岳精机械有限公司", "maotai", "昆山市禾映电子科技有限公司", ""]
    one_by_one = [[(one.subject_id, one.name, one.verdict) for one in some[:1]] for some in search_names(asked)]
    monkeypatch.setattr(search, "MANY", 2)
    assert [[(one.subject_id, one.name, one.verdict) for one in some[:1]] for some in search_names(asked)] == one_by_one


def test_texts_that_no_database_takes_are_answered_too(bodies: dict[str, int]) -> None:
    assert bodies
    for asked in ("\x00茅台\x00", "茅\ud800台", "'; DROP TABLE subjects_name; --", "%_!", "\x1f", "茅台\x1f禾映", "\\"):
        assert isinstance(search_names([asked])[0], list)
    assert search_names(["茅\ud800台"])[0][0].name == "贵州茅台酒股份有限公司"


def keys_of(name: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT core.name_keys(%s)", [fold_name(name)])
        return set(cursor.fetchone()[0])


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*NAMES, "京东方科技集团股份有限公司", "嘉铭电子（昆山）有限公司", "昆山市第一中学"])
def test_the_database_makes_the_keys_that_are_asked_for(name: str) -> None:
    stored = keys_of(name)
    for ask in read_asked(name):
        pairs, sounds = strict_keys(ask)
        assert set(sounds) <= stored
        assert set(pairs) <= stored
    for some in loose_keys(read_asked(name)[0]):
        assert set(some) <= stored


@pytest.mark.django_db
def test_the_keys_of_a_name_are_its_pairs_its_sounds_and_its_initials_without_the_legal_form() -> None:
    assert keys_of("禾映（昆山）有限公司") == {
        *("禾映", "映昆", "昆山"),
        *("~he", "~ying", "~kun", "~shan"),
        *("!HYK", "!YKS"),
    }
    assert keys_of("有限公司") >= {"有限", "公司"}
    assert keys_of("") == set()
    assert {"~xing", "~hang"} <= keys_of("银行")


@pytest.mark.django_db
def test_the_database_knows_every_sound_that_questions_use() -> None:
    characters = [*sound_table()][:: max(1, len(sound_table()) // 200)]
    for character in characters:
        assert {"~" + one for one in sound_table()[character]} <= keys_of(character + "昆山")


@pytest.mark.django_db
def test_the_index_is_used_and_not_the_whole_table(bodies: dict[str, int]) -> None:
    assert bodies
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT id FROM subjects_name WHERE core.name_keys(folded) @> ARRAY['茅台'] LIMIT 5")
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("SET LOCAL enable_seqscan = on")
    assert "subjects_name_keys" in plan


@pytest.mark.parametrize("role", ["worker", "office", "api"])
@pytest.mark.usefixtures("own_database")
def test_worker_office_and_api_may_search(role: str, connect_as: Callable[[str], psycopg.Connection]) -> None:
    registered("贵州茅台酒股份有限公司")
    with connect_as(role) as reader:
        rows = reader.execute("SELECT name FROM core.names_with(ARRAY['茅台'], 5)").fetchall()
    assert rows == [("贵州茅台酒股份有限公司",)]
