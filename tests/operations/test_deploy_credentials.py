"""The drop-ins that hand secrets over by systemd fit the units, the keys there are, and systemd itself."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chengxin.crypto import PURPOSES
from chengxin.crypto.keyfiles import NAME
from chengxin.crypto.places import STORE

SYSTEMD = Path(__file__).resolve().parents[2] / "deploy" / "systemd"
DROP_INS = sorted((SYSTEMD / "credentials").glob("*.conf"))
SETTINGS = {"CHENGXIN_DATABASE_URL", "CHENGXIN_WEB_KEY"}


def handed_over(path: Path) -> dict[str, str]:
    """Return the credentials of a drop-in: name -> file."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("Load")]
    found = {}
    for line in lines:
        name, _, file = line.removeprefix("LoadCredentialEncrypted=").partition(":")
        assert line.startswith("LoadCredentialEncrypted="), "never in clear on the disk"
        assert name not in found
        found[name] = file
    return found


@pytest.mark.parametrize("path", DROP_INS, ids=lambda one: one.stem)
def test_a_drop_in_belongs_to_a_unit_and_names_keys_and_settings_there_are(path: Path) -> None:
    assert (SYSTEMD / f"{path.stem}.service").is_file()
    assert f"{path.stem}.service.d" in path.read_text(encoding="utf-8")
    for name, file in handed_over(path).items():
        key = NAME.fullmatch(name)
        if key is None:
            assert name in SETTINGS
        else:
            assert key["purpose"] in PURPOSES
            assert file == f"{STORE}/{name}"
        assert file.startswith(f"{STORE}/")


def test_the_whole_platform_in_one_unit_gets_every_key_and_no_address() -> None:
    assert set(handed_over(SYSTEMD / "credentials" / "chengxin-serve.conf")) == {f"{one}.1.key" for one in PURPOSES}


def test_processes_of_their_own_get_their_own_address_and_no_key_of_anothers_work() -> None:
    files = {path.stem.removeprefix("chengxin-"): handed_over(path) for path in DROP_INS}
    del files["serve"]
    assert files.keys() == {"public", "office", "api", "worker", "keeper"}
    assert set(files["public"]) == SETTINGS
    assert len({one["CHENGXIN_WEB_KEY"] for one in files.values()}) == len(files)
    for name, held in files.items():
        role = "worker" if name == "keeper" else name
        assert held["CHENGXIN_DATABASE_URL"] == f"{STORE}/{role}.database-url"
        assert ("checkpoint.1.key" in held) == (name == "keeper"), "who signs the evidence does nothing else"
        assert "backup.1.key" not in held


def test_the_guide_tells_how_in_the_words_of_the_tool() -> None:
    text = (SYSTEMD / "README.md").read_text(encoding="utf-8")
    assert "systemd-creds encrypt --name=CHENGXIN_DATABASE_URL" in text
    assert "chengxin keys credentials" in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_reads_units_with_their_drop_ins(tmp_path: Path) -> None:
    for path in SYSTEMD.glob("chengxin*"):
        text = path.read_text(encoding="utf-8").replace("/opt/chengxin/.venv/bin", str(Path(sys.executable).parent))
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    for path in DROP_INS:
        folder = tmp_path / f"{path.stem}.service.d"
        folder.mkdir()
        whole = re.sub("^#(Load|Env)", r"\1", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        (folder / "credentials.conf").write_text(whole, encoding="utf-8")
    units = [str(tmp_path / f"{path.stem}.service") for path in DROP_INS]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if "credentials" in line]) == (0, [])
