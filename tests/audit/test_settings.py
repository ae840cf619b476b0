"""The figures of the audit trail are data, checked when they are read; its witnesses are a setting."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from importlib import resources
from typing import TYPE_CHECKING

import pytest
import yaml

from chengxin.audit.settings import AuditSettings, load_settings, witness_places
from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_shipped_figures_are_those_promised() -> None:
    held = load_settings()
    assert (held.interval_seconds, held.leaves, held.warn_percent) == (60, 10_000, 70)
    assert held.refuse_after == timedelta(hours=4)
    assert held.warn_after == timedelta(minutes=2)
    assert held.write_milliseconds < 2000, "the answer has to be out within two seconds"
    assert held.quorum == 1


def test_the_file_names_its_source_and_nothing_that_is_not_read() -> None:
    text = (resources.files("chengxin.audit") / "settings.yaml").read_text(encoding="utf-8")
    held = yaml.safe_load(text)
    assert held.keys() - {"from", "source"} == {one.name for one in fields(AuditSettings)}
    assert held["source"]


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "true", "null", "'60'"])
def test_a_figure_that_is_none_is_refused(value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = (resources.files("chengxin.audit") / "settings.yaml").read_text(encoding="utf-8")
    (tmp_path / "settings.yaml").write_text(text.replace("leaves: 10000", f"leaves: {value}"), encoding="utf-8")
    monkeypatch.setattr("chengxin.audit.settings.resources.files", lambda _package: tmp_path)
    with pytest.raises(ChengxinError) as caught:
        load_settings.__wrapped__()
    assert (caught.value.code, caught.value.where) == ("audit_settings_wrong", "leaves")


def test_without_a_setting_there_are_two_files_on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHENGXIN_WITNESSES", raising=False)
    assert witness_places(tmp_path) == (
        str(tmp_path / "witness" / "first.jsonl"),
        str(tmp_path / "witness" / "second.jsonl"),
    )


def test_witnesses_are_paths_and_addresses_with_commas_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGXIN_WITNESSES", " /mnt/archive/w.jsonl, https://witness.example/ ,")
    assert witness_places(tmp_path) == ("/mnt/archive/w.jsonl", "https://witness.example/")
