"""Every event, client and organisation has words in both languages; what has none stands for itself."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.utils import translation

from chengxin.base.city import KINDS, LEVELS
from chengxin.ends.office.audit_words import load_audit_words
from chengxin.ends.office.templatetags.office import content_name, in_words, parts
from chengxin.ends.office.templatetags.power import (
    action_name,
    actor_name,
    client_state,
    evidence_state,
    items_in_words,
    kind_name,
    lag,
    level_name,
    object_of,
    place_name,
)

SOURCE = Path(__file__).resolve().parents[3] / "src/chengxin"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _written() -> set[str]:
    """Return the actions that the sources write down whole: the keyword ``action`` of some call."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                for keyword in node.keywords:
                    if keyword.arg == "action":
                        found |= {
                            one.value
                            for one in ast.walk(keyword.value)
                            if isinstance(one, ast.Constant) and isinstance(one.value, str)
                        }
    return {one for one in found if re.fullmatch(r"[a-z_]+\.[a-z_]+", one)}


def test_every_action_the_sources_write_down_has_words() -> None:
    written = _written()
    assert {"check.answered", "batch.imported", "practitioner.looked_up"} <= written
    assert sorted(written - set(load_audit_words().actions)) == []


def test_the_words_are_chinese_and_english() -> None:
    words = load_audit_words()
    for chinese, english in (*words.actions.values(), *words.actors.values()):
        assert CHINESE.search(chinese)
        assert english.isascii()
    for language, place in (("zh-hans", 0), ("en", 1)):
        with translation.override(language):
            assert action_name("officer.logged_in") == words.actions["officer.logged_in"][place]
    assert action_name("of.the_future") == "of.the_future"


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_states_kinds_and_levels_are_said_in_the_readers_language(language: str) -> None:
    with translation.override(language):
        said = [client_state(one) for one in ("live", "closed", "expired", "organisation_closed")]
        said += [kind_name(one) for one in KINDS] + [level_name(one) for one in LEVELS]
        said += [evidence_state(one) for one in ("kept", "late", "missing", "not_begun")]
        assert all(bool(CHINESE.search(one)) == (language == "zh-hans") for one in said), said
        assert [call("gone") for call in (client_state, kind_name, level_name, evidence_state)] == ["gone"] * 4


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=-5), "0 秒"),
        (timedelta(seconds=59.9), "59 秒"),
        (timedelta(seconds=60), "1 分钟"),
        (timedelta(minutes=59, seconds=59), "59 分钟"),
        (timedelta(hours=30), "30 小时"),
    ],
)
def test_a_span_is_said_as_people_say_it(span: timedelta, said: str) -> None:
    with translation.override("zh-hans"):
        assert lag(span) == said


def test_who_acted_and_what_it_is_about_is_said() -> None:
    with translation.override("zh-hans"):
        row = SimpleNamespace(actor_kind="officer", actor="li")
        assert actor_name(row) == "经办人 li"  # type: ignore[arg-type]
        assert actor_name(SimpleNamespace(actor_kind="stranger", actor="")) == "stranger"  # type: ignore[arg-type]
        assert place_name("tax", {"tax": "税务局"}) == "税务局"
        assert place_name("gone", {}) == "gone"
        assert items_in_words(("licence", "*", "gone")) == "行政许可、全部、gone"
        for kind, said in (
            ("client", "接口调用方 7"),
            ("organisation.reopen", "单位 7"),
            ("practitioner", "执业人员 LS1"),
            ("officer.duties", "7"),
        ):
            approval = SimpleNamespace(object_kind=kind, object_id="7", content={"licence": "LS1"})
            assert object_of(approval) == said  # type: ignore[arg-type]


def test_an_approvals_content_is_read_part_by_part_whatever_a_part_is_called() -> None:
    content = {"items": ["licence", "*"], "operation": "checks.run", "ends_at": "2026-12-31T16:00:00+00:00"}
    with translation.override("zh-hans"):
        assert [(content_name(key), in_words(value, key)) for key, value in parts(content)] == [
            ("事项", "行政许可、全部"),
            ("操作", "信用核查"),
            ("截止", "2027-01-01 00:00"),
        ]
        assert [in_words(one, "act") for one in ("grant", "key", "change", "close", "x")] == [
            "授权",
            "登记公钥",
            "变更身份",
            "死亡注销",
            "x",
        ]
