"""What is handed to an operator fits the program: every command there is, every unit hardened, nothing runs as root."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from chengxin.cli.main import COMMANDS, command
from chengxin.operations.settings import load_settings
from chengxin.operations.watching.metrics import GAUGES, LINES_LOST

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
BIN = "/opt/chengxin/.venv/bin"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text(encoding="utf-8"))
CONTAINERFILE = (DEPLOY / "container" / "Containerfile").read_text(encoding="utf-8")


def unit(path: Path) -> dict[str, list[str]]:
    """Return the settings of a unit."""
    held: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            held.setdefault(name, []).append(value)
    return held


def require_command(words: list[str]) -> None:
    """Assert that ``chengxin WORDS`` is a command with these options."""
    found: click.Command | None = command
    context = click.Context(command)
    for word in words:
        if isinstance(found, click.Group) and not word.startswith("-"):
            found = found.get_command(context, word)
            assert found is not None, f"there is no command {word}"
        elif word.startswith("--"):
            assert found is not None
            assert any(word in one.opts for one in found.params), f"{found.name} has no option {word}"


def require_gunicorn(words: list[str]) -> None:
    """Assert that the application and the logger class are there."""
    (application,) = [word for word in words if word.endswith(":application")]
    assert importlib.util.find_spec(application.partition(":")[0])
    named = " ".join(words).replace("=", " ").split("--logger-class ")[1].split()[0]
    module, _, name = named.rpartition(".")
    assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_every_command_of_a_unit_is_there(path: Path) -> None:
    (start,) = unit(path)["ExecStart"]
    program, *words = shlex.split(start)
    assert program in {f"{BIN}/chengxin", f"{BIN}/gunicorn"}
    if program.endswith("gunicorn"):
        require_gunicorn(words)
    else:
        require_command(words)
    for probe in re.findall(rf"{BIN}/chengxin ([a-z -]+?) &&", " ".join(unit(path).get("ExecStartPost", []))):
        require_command(probe.split())


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_every_unit_is_hardened(path: Path) -> None:
    held = unit(path)
    assert held["User"] != ["root"]
    for name, value in {
        "NoNewPrivileges": "yes", "ProtectSystem": "strict", "PrivateTmp": "yes", "LimitCORE": "0", "UMask": "0077",
        "CapabilityBoundingSet": "", "RestrictNamespaces": "yes", "SystemCallFilter": "@system-service",
    }.items():  # fmt: skip
        assert held[name] == [value]
    if held["Type"] != ["oneshot"]:
        assert held["Restart"] == ["on-failure"]


def test_only_what_maps_code_may_write_and_execute_memory() -> None:
    loose = {path.stem for path in UNITS if "MemoryDenyWriteExecute" not in unit(path)}
    assert loose == {"chengxin-worker", "chengxin-serve", "chengxin-backup", "chengxin-rehearsal"}


def test_the_ends_listen_on_loopback_each_under_its_own_account() -> None:
    ends = {name: unit(DEPLOY / "systemd" / f"chengxin-{name}.service") for name in ("public", "office", "api")}
    assert all("--bind 127.0.0.1:" in one["ExecStart"][0] for one in ends.values())
    assert len({one["User"][0] for one in ends.values()}) == len(ends)
    assert "keys" in ends["public"]["InaccessiblePaths"][0]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_to_complain_about(tmp_path: Path) -> None:
    for path in (DEPLOY / "systemd").glob("chengxin*"):
        text = path.read_text(encoding="utf-8").replace(BIN, str(Path(sys.executable).parent))
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if "chengxin" in line]) == (0, [])


def test_backups_are_taken_more_often_than_the_doctor_wants_and_rehearsed_too() -> None:
    nightly = unit_text("chengxin-backup.timer")
    weekly = unit_text("chengxin-rehearsal.timer")
    assert "OnCalendar=*-*-* " in nightly
    assert "OnCalendar=Sun " in weekly
    assert load_settings().backup_hours > 24
    assert load_settings().rehearsal_days > 7


def unit_text(name: str) -> str:
    return (DEPLOY / "systemd" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_every_service_runs_a_command_there_is_without_rights(name: str) -> None:
    service = COMPOSE["services"][name]
    words = list(service["command"])
    if service.get("entrypoint") == ["gunicorn"]:
        require_gunicorn(words)
    else:
        require_command(words)
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert service["user"].partition(":")[0] != "0"
    assert "no-new-privileges:true" in service["security_opt"]
    if "healthcheck" in service:
        kind, program, *probe = service["healthcheck"]["test"]
        assert (kind, program) == ("CMD", "chengxin")
        require_command(probe)


def test_ports_are_published_on_loopback_only() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_database_is_outside_and_every_process_has_an_address_of_its_own() -> None:
    assert "postgres" not in COMPOSE["services"]
    for service in COMPOSE["services"].values():
        for name in service["env_file"]:
            text = (DEPLOY / "container" / f"{name}.example").read_text(encoding="utf-8")
            role = Path(name).stem
            assert role == "common" or f"CHENGXIN_DATABASE_URL=postgresql://chengxin_{role}:" in text
            assert role == "common" or "sslmode=verify-full" in text


def test_the_public_end_gets_neither_keys_nor_data() -> None:
    assert "volumes" not in COMPOSE["services"]["public"]


def test_the_container_is_built_with_hashes_and_runs_as_nobody_with_no_build_tool() -> None:
    last = CONTAINERFILE.rpartition("\nFROM ")[2]
    assert "--require-hashes" in CONTAINERFILE
    assert re.search(r"^USER 1\d+", last, re.MULTILINE)
    assert not re.search(r"pip install|apt-get|gcc|make ", last)
    assert "rm -rf /usr/local/lib/python3.12/site-packages/pip" in last
    entry = re.search(r"ENTRYPOINT \[\"(\w+)\"\]", last)
    assert entry is not None
    assert entry[1] == "chengxin"
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE):
        for part in source.split():
            assert (DEPLOY.parent / part).exists()


def test_every_alert_asks_for_a_figure_there_is_and_uses_the_doctors_thresholds() -> None:
    text = (DEPLOY / "prometheus" / "alerts.yaml").read_text(encoding="utf-8")
    rules = yaml.safe_load(text)["groups"][0]["rules"]
    known = {*GAUGES, "chengxin_database_up", "chengxin_requests_total", "chengxin_request_seconds_bucket"}
    known |= {f"{one.name}_total" for one in LINES_LOST.describe()}
    for rule in rules:
        assert set(re.findall(r"chengxin_\w+", rule["expr"])) <= known
        assert rule["annotations"]["summary"]
    by_name = {rule["alert"]: rule["expr"] for rule in rules}
    assert by_name["ChengxinEvidenceLate"].endswith(f"> {load_settings().checkpoint_seconds}")
    assert by_name["ChengxinWorkerSilent"].endswith(f"> {load_settings().worker_silence_seconds}")


def test_the_commands_of_this_room_are_in_the_list() -> None:
    assert {"backup", "restore", "verify-backup", "archive", "doctor", "health", "metrics"} <= COMMANDS.keys()
