"""What is handed to an operator names only settings, files, accounts and texts that there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from chengxin.audit.settings import load_settings as audit_settings
from chengxin.base.city import load_city
from chengxin.base.config import ROLES
from chengxin.operations.settings import load_settings
from chengxin.operations.watching.health import LIVE, READY
from chengxin.operations.watching.metrics import LABELS, end_name

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("chengxin*"))
SERVICES = [path for path in UNITS if path.suffix == ".service"]
TIMERS = [path for path in UNITS if path.suffix == ".timer"]
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text(encoding="utf-8"))
ALERTS = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text(encoding="utf-8"))["groups"][0]["rules"]
SETTING = re.compile(r"\b(?:CHENGXIN|PROMETHEUS|OTEL)_[A-Z_]+[A-Z]\b")
GUIDES = [ROOT / "docs" / name for name in ("operations.md", "operations.zh-CN.md")]


SETTINGS = ROOT / "docs" / "commands.md"


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def handed_out() -> list[Path]:
    return [path for path in sorted(DEPLOY.rglob("*")) if path.is_file() and path.suffix != ".md"]


def named() -> dict[str, str]:
    """Return every setting that a file of ``deploy`` names, with the first file that does."""
    found: dict[str, str] = {}
    for path in handed_out():
        for name in SETTING.findall(text_of(path)):
            found.setdefault(name, path.name)
    return found


def sources() -> str:
    return "\n".join(text_of(path) for path in (ROOT / "src").rglob("*.py"))


@pytest.fixture(scope="module")
def program() -> str:
    return sources()


def lines(path: Path, name: str) -> list[str]:
    return [line.partition("=")[2] for line in text_of(path).splitlines() if line.startswith(f"{name}=")]


@pytest.mark.parametrize("name", sorted(one for one in named() if one.startswith("CHENGXIN_")))
def test_every_setting_that_is_handed_out_is_read_and_described(program: str, name: str) -> None:
    assert name in program, f"{named()[name]} sets what nobody reads"
    assert f"`{name}" in text_of(SETTINGS), f"{SETTINGS.name} does not tell of {name}"


def test_a_setting_that_a_guide_names_is_one_the_program_reads(program: str) -> None:
    for guide in (*GUIDES, SETTINGS):
        for name in SETTING.findall(text_of(guide)):
            assert name in program or name.rpartition("_")[0] in program, f"{guide.name}: {name}"


@pytest.mark.parametrize("path", sorted((DEPLOY / "container" / "env").iterdir()), ids=lambda one: one.name)
def test_an_example_of_an_environment_holds_no_secret_and_no_setting_twice(path: Path) -> None:
    held = [line.partition("=") for line in text_of(path).splitlines() if line and not line.startswith("#")]
    names = [name for name, _, _ in held]
    assert len(names) == len(set(names))
    for name, _, value in held:
        assert value
        if name == "CHENGXIN_DATABASE_URL":
            assert re.search(r"://chengxin_[a-z]+:PASSWORD@[a-z.]+example\.cn:", value)
        if name == "CHENGXIN_WEB_KEY":
            assert value == "RANDOM-OF-THIS-PROCESS"


def test_the_example_of_every_role_is_there_and_of_nothing_else() -> None:
    examples = {path.name.partition(".")[0] for path in (DEPLOY / "container" / "env").iterdir()}
    assert examples == {"common", *ROLES}


def test_the_city_of_the_example_can_be_loaded() -> None:
    (line,) = [one for one in text_of(DEPLOY / "container/env/common.env.example").splitlines() if "CITY=" in one]
    assert load_city(line.partition("=")[2]).wording


@pytest.mark.parametrize("path", SERVICES, ids=lambda one: one.stem)
def test_every_unit_points_to_a_guide_there_is_and_to_an_account_the_guide_makes(path: Path) -> None:
    (guide,) = lines(path, "Documentation")
    assert (ROOT / guide.removeprefix("file:/opt/chengxin/")).is_file()
    (user,) = lines(path, "User")
    assert f"`{user}`" in text_of(DEPLOY / "systemd" / "README.md")
    assert lines(path, "Group") == ["chengxin"]


@pytest.mark.parametrize("path", SERVICES, ids=lambda one: one.stem)
def test_secrets_come_from_files_and_never_stand_in_a_unit(path: Path) -> None:
    assert all(one.startswith("/etc/chengxin/") for one in lines(path, "EnvironmentFile"))
    for line in lines(path, "Environment"):
        for part in line.split():
            assert not re.match(r"CHENGXIN_(WEB_KEY|DATABASE_URL|KEYS)", part)
    assert "postgresql://" not in text_of(path)


@pytest.mark.parametrize("path", SERVICES, ids=lambda one: one.stem)
def test_a_process_says_its_name_as_the_figures_know_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = [
        part for line in lines(path, "Environment") for part in line.split() if part.startswith("CHENGXIN_PROCESS=")
    ]
    assert len(given) == 1
    name = given[0].partition("=")[2]
    monkeypatch.setenv("CHENGXIN_PROCESS", name)
    own = path.stem.removeprefix("chengxin-")
    if own in {"public", "office", "api", "worker", "keeper"}:
        assert name == end_name() == own
    else:
        assert end_name() not in {"public", "office", "api"}, "what answers nobody is not counted as an end"


@pytest.mark.parametrize("path", TIMERS, ids=lambda one: one.stem)
def test_a_timer_has_its_unit_and_makes_up_for_a_night_the_machine_was_off(path: Path) -> None:
    assert path.with_suffix(".service") in SERVICES
    (when,) = lines(path, "OnCalendar")
    assert when.endswith(" Asia/Shanghai"), "a server's own zone is nobody's night"
    assert lines(path, "Persistent") == ["yes"]
    assert lines(path.with_suffix(".service"), "Type") == ["oneshot"]
    assert lines(path, "WantedBy") == ["timers.target"]


def test_the_target_starts_units_there_are_and_they_stop_with_it() -> None:
    (wanted,) = lines(DEPLOY / "systemd" / "chengxin.target", "Wants")
    names = {path.name: path for path in SERVICES}
    assert set(wanted.split()) <= names.keys()
    for name in wanted.split():
        assert lines(names[name], "PartOf") == ["chengxin.target"]
        assert lines(names[name], "WantedBy") == ["chengxin.target"]


def test_every_unit_is_named_in_the_guide_beside_them() -> None:
    guide = text_of(DEPLOY / "systemd" / "README.md")
    of_target = lines(DEPLOY / "systemd" / "chengxin.target", "Wants")[0].split()
    for path in UNITS:
        timed = path.with_suffix(".timer") in TIMERS
        assert path.name in guide or path.name in of_target or timed, path.name


def ports(text: str) -> dict[str, str]:
    return dict(re.findall(r"chengxin\.ends\.(\w+)\.wsgi:application[^\n]*?--bind[= ]127\.0\.0\.1:(\d+)", text))


def test_units_and_containers_use_the_same_ports_for_the_same_ends() -> None:
    units = {name: port for path in SERVICES for name, port in ports(text_of(path)).items()}
    published = {
        name: service["ports"][0].split(":")[1] for name, service in COMPOSE["services"].items() if "ports" in service
    }
    assert units == published
    assert len(set(units.values())) == len(units)
    for name, service in COMPOSE["services"].items():
        if name in published:
            assert f"--bind=0.0.0.0:{published[name]}" in service["command"]


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_a_container_gets_the_address_of_its_own_role_only(name: str) -> None:
    role = {"migrate": "owner", "keeper": "worker"}.get(name, name)
    assert COMPOSE["services"][name]["env_file"] == ["env/common.env", f"env/{role}.env"]


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_keys_are_mounted_read_only(name: str) -> None:
    for volume in COMPOSE["services"][name].get("volumes", []):
        source, _, rest = volume.partition(":")
        assert source in COMPOSE["volumes"]
        assert source != "keys" or rest == "/etc/chengxin/keys:ro"


@pytest.mark.parametrize("rule", ALERTS, ids=lambda one: one["alert"])
def test_an_alert_says_what_is_the_matter_in_both_languages_and_where_to_begin(rule: dict[str, Any]) -> None:
    said = rule["annotations"]
    assert re.search("[\u4e00-\u9fff]", said["summary"])
    assert re.search("[a-z]{3}", said["summary"])
    assert rule["labels"]["severity"] in {"page", "ticket"}
    for guide in re.findall(r"docs/[\w.-]+\.md", said["mend"]):
        assert (ROOT / guide).is_file()
    for unit in re.findall(r"chengxin-\w+\.service", said["mend"]):
        assert (DEPLOY / "systemd" / unit).is_file()


@pytest.mark.parametrize("rule", ALERTS, ids=lambda one: one["alert"])
def test_an_alert_asks_for_states_a_figure_can_have(rule: dict[str, Any]) -> None:
    for state in re.findall(r'state="(\w+)"', rule["expr"]):
        assert state in LABELS["queue_state"]


def test_the_alert_before_the_platform_refuses_comes_in_time() -> None:
    (rule,) = [one for one in ALERTS if one["alert"] == "ChengxinEvidenceNearlyRefusing"]
    share, _, seconds = rule["expr"].rpartition("> ")[2].partition(" * ")
    assert float(seconds) == audit_settings().refuse_after.total_seconds()
    assert 0.5 < float(share) < 1


def test_the_guides_tell_of_the_probes_the_ends_answer() -> None:
    for guide in GUIDES:
        assert LIVE in text_of(guide)
        assert READY in text_of(guide)


JOURNAL = DEPLOY / "systemd" / "journald@chengxin.conf"


def test_the_journal_of_the_units_keeps_lines_as_long_as_the_setting_says() -> None:
    held = dict(
        line.split("=", 1) for line in text_of(JOURNAL).splitlines() if "=" in line and not line.startswith("#")
    )
    assert held["MaxRetentionSec"] == f"{load_settings().log_days}day"
    assert held["MaxFileSec"] == "1day", "a file goes as a whole: a day's lines are at most a day late"
    assert held["Storage"] == "persistent", "six months outlive a restart of the machine"


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_every_unit_writes_to_that_journal(path: Path) -> None:
    assert f"LogNamespace={JOURNAL.stem.partition('@')[2]}" in text_of(path).splitlines()
