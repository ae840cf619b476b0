"""Each process gets its own database address and nothing of another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.base.config import ROLES
from chengxin.cli.programs import Ports, PortsType, programs

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.cli.supervision import Program


def url(role: str) -> str:
    return f"postgresql://chengxin_{role}:secret-of-{role}@host/chengxin"


ROLE = {"keeper": "worker"}
"""The keeper of the evidence builds the tree as the worker's role."""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Program]:
    monkeypatch.setenv("CHENGXIN_DATABASE_URL_OWNER", "postgresql://owner:outside-secret@host/chengxin")
    monkeypatch.setenv("PGPASSWORD", "outside-secret")
    monkeypatch.setenv("CHENGXIN_WEB_KEY", "outside-secret")
    monkeypatch.setenv("CHENGXIN_CITY", "kunshan")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "chengxin.settings.owner")
    return {one.name: one for one in programs(tmp_path, url, Ports(1, 2, 3))}


def test_there_are_three_ends_a_worker_and_a_keeper_of_the_evidence(made: dict[str, Program]) -> None:
    ports = {name: one.port for name, one in made.items()}
    assert ports == {"public": 1, "office": 2, "api": 3, "worker": 0, "keeper": 0}
    assert all(one.restarts for one in made.values()), "what dies alone comes back alone"


def test_a_process_sees_its_own_database_address_and_no_other_secret(made: dict[str, Program], tmp_path: Path) -> None:
    installation = (tmp_path / "secrets.json").read_text(encoding="utf-8")
    for name, program in ((ROLE.get(name, name), one) for name, one in made.items()):
        assert program.environment["CHENGXIN_DATABASE_URL"] == url(name)
        assert program.environment["DJANGO_SETTINGS_MODULE"] == f"chengxin.settings.{name}"
        everything = "\n".join([*program.arguments, *program.environment.values()])
        assert "outside-secret" not in everything
        for other in ROLES:
            if other != name:
                assert f"secret-of-{other}" not in everything
        assert not any(value in installation for value in (program.environment["CHENGXIN_WEB_KEY"],))


def test_no_end_can_forge_the_sessions_of_another(made: dict[str, Program]) -> None:
    assert len({one.environment["CHENGXIN_WEB_KEY"] for one in made.values()}) == len(made)


def test_the_keys_stay_the_same_from_one_start_to_the_next(made: dict[str, Program], tmp_path: Path) -> None:
    again = {one.name: one for one in programs(tmp_path, url, Ports(1, 2, 3))}
    for name, program in made.items():
        assert again[name].environment["CHENGXIN_WEB_KEY"] == program.environment["CHENGXIN_WEB_KEY"]


def test_settings_of_the_city_are_passed_on(made: dict[str, Program]) -> None:
    assert all(one.environment["CHENGXIN_CITY"] == "kunshan" for one in made.values())


def test_the_public_end_says_where_the_api_is(
    made: dict[str, Program], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert made["public"].environment["CHENGXIN_API_ADDRESS"] == "http://127.0.0.1:3/api/v1/openapi.json"
    monkeypatch.setenv("CHENGXIN_API_ADDRESS", "https://api.example.cn/")
    again = {one.name: one for one in programs(tmp_path, url, Ports(1, 2, 3))}
    assert again["public"].environment["CHENGXIN_API_ADDRESS"] == "https://api.example.cn/"


def test_the_ends_listen_on_this_machine_only_and_keep_no_access_log(made: dict[str, Program]) -> None:
    for name in ("public", "office", "api"):
        arguments = " ".join(made[name].arguments)
        assert f"--bind 127.0.0.1:{made[name].port}" in arguments
        assert "--access-logfile" not in arguments
        assert f"chengxin.ends.{name}.wsgi:application" in arguments


@given(st.lists(st.integers(1, 65535), min_size=3, max_size=3, unique=True))
def test_three_different_ports_are_read(numbers: list[int]) -> None:
    read = PortsType().convert(",".join(map(str, numbers)), None, None)
    assert list(read.as_dict().values()) == numbers
    assert PortsType().convert(read, None, None) is read


@given(st.text(max_size=20))
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    parts = text.split(",")
    fine = len(parts) == 3 and all(one.isascii() and one.isdigit() and 0 < int(one) < 65536 for one in parts)
    if fine and len({int(one) for one in parts}) == 3:
        assert PortsType().convert(text, None, None)
    else:
        with pytest.raises(click.BadParameter, match="端口"):
            PortsType().convert(text, None, None)


def test_an_installation_with_its_own_database_archives_its_log_and_nobody_lends_it_a_role(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHENGXIN_METRICS_PORT", raising=False)
    (tmp_path / "postgres").mkdir()
    archive = {one.name: one for one in programs(tmp_path, url, Ports(1, 2, 3))}["archive"]
    assert archive.restarts
    assert not {"CHENGXIN_DATABASE_URL", "CHENGXIN_WEB_KEY", "DJANGO_SETTINGS_MODULE"} & archive.environment.keys()
    assert "secret-of-" not in "".join(archive.environment.values())


def test_figures_are_served_only_where_a_port_asks_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHENGXIN_METRICS_PORT", raising=False)
    assert "metrics" not in {one.name for one in programs(tmp_path, url, Ports(1, 2, 3))}
    monkeypatch.setenv("CHENGXIN_METRICS_PORT", "8009")
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "counter_1.db").touch()
    held = {one.name: one for one in programs(tmp_path, url, Ports(1, 2, 3))}
    assert held["metrics"].arguments[-2:] == ("--port", "8009")
    assert held["office"].environment["PROMETHEUS_MULTIPROC_DIR"] == str(tmp_path / "metrics")
    assert list((tmp_path / "metrics").iterdir()) == []


def test_every_process_says_in_its_log_who_it_is(made: dict[str, Program]) -> None:
    assert all(one.environment["CHENGXIN_PROCESS"] == name for name, one in made.items())
    assert all(one.environment["CHENGXIN_LOG_FORMAT"] == "json" for one in made.values())
