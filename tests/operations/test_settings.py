"""The settings of this room: what a wrong file is told, and that the right one is whole."""

from __future__ import annotations

from dataclasses import fields
from importlib import resources
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.base.errors import ChengxinError
from chengxin.operations.settings import OperationsSettings, load_settings, read_settings

TEXT = (resources.files("chengxin.operations") / "settings.yaml").read_text(encoding="utf-8")
FIGURES = [field.name for field in fields(OperationsSettings) if field.name != "churning"]


def changed(**more: object) -> str:
    """Return the package's file with some settings changed; None takes one out."""
    held: dict[str, Any] = yaml.safe_load(TEXT) | more
    return yaml.safe_dump({name: value for name, value in held.items() if value is not None}, allow_unicode=True)


def refusal(text: str) -> ChengxinError:
    with pytest.raises(ChengxinError) as caught:
        read_settings(text)
    assert caught.value.code == "operations_settings_wrong"
    return caught.value


def test_the_packages_own_file_is_right_and_read_once() -> None:
    assert load_settings() == read_settings(TEXT)
    assert load_settings() is load_settings()


def test_the_file_says_from_when_it_holds_and_where_its_figures_come_from() -> None:
    held = yaml.safe_load(TEXT)
    assert str(held["from"]) == "2026-01-01"
    assert "网络安全法" in held["source"]
    assert "GB/T 22239-2019" in held["source"]
    assert held.keys() == {*FIGURES, "churning", "from", "source"}, "no setting that nothing reads"


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_that_is_missing_is_named(name: str) -> None:
    error = refusal(changed(**{name: None}))
    assert error.where == name
    assert error.message_zh == f"settings.yaml 的 {name} 应为正整数"
    assert error.message_en == f"{name} in settings.yaml must be a positive whole number"


@pytest.mark.parametrize("value", [0, -1, 1.5, "60", True, [60], "一百"], ids=repr)
def test_a_figure_is_a_positive_whole_number_and_nothing_that_looks_like_one(value: object) -> None:
    assert refusal(changed(backup_days=value)).where == "backup_days"


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 10**9))
def test_any_positive_number_is_taken_as_it_stands(value: int) -> None:
    assert read_settings(changed(batch_minutes=value)).batch_minutes == value


@pytest.mark.parametrize("text", ["", "[]", "5", "just words"])
def test_a_file_that_holds_no_settings_is_told_about_the_first_that_is_missing(text: str) -> None:
    assert refusal(text).where == FIGURES[0]


@pytest.mark.parametrize("value", [None, "procrastinate_*", [1], [""], {"a": 1}], ids=repr)
def test_the_patterns_of_tables_are_a_list_of_words(value: object) -> None:
    assert refusal(changed(churning=value)).where == "churning"


def test_a_disk_is_not_called_full_before_it_is_called_nearly_full() -> None:
    error = refusal(changed(disk_warn_percent=5, disk_fail_percent=15))
    assert error.where == "disk_fail_percent"
    assert "不能大于 disk_warn_percent" in error.message_zh
    assert read_settings(changed(disk_warn_percent=5, disk_fail_percent=5)).disk_fail_percent == 5


def test_an_empty_list_of_patterns_judges_every_table() -> None:
    held = read_settings(changed(churning=[]))
    assert not held.churns("procrastinate_jobs")


@pytest.mark.parametrize(
    ("table", "churns"),
    [
        ("procrastinate_jobs", True),
        ("procrastinate_", True),
        ("procrastinate", False),
        ("Procrastinate_jobs", False),
        ("django_session", True),
        ("django_session_old", False),
        ("accounts_clientnonce", True),
        ("audit_event", False),
        ("records_record", False),
        ("subjects_subject", False),
    ],
)
def test_no_table_of_facts_or_evidence_is_left_out_of_the_count(table: str, churns: bool) -> None:  # noqa: FBT001 - one of a table's columns
    assert load_settings().churns(table) is churns


def test_the_settings_cannot_be_changed_while_the_platform_runs() -> None:
    with pytest.raises(AttributeError):
        load_settings().backup_days = 1  # type: ignore[misc]
