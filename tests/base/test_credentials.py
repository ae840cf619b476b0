"""Secret settings may come as systemd's credentials: private, one line each, and second to the environment."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.base import credentials
from chengxin.base.config import database_url, web_key
from chengxin.base.credentials import (
    ACL,
    ACL_ENTRY,
    MASK,
    USER,
    USER_OBJECT,
    credentials_folder,
    is_credential,
    open_to_others,
    secret_setting,
)
from chengxin.base.errors import ChengxinError
from chengxin.cli.database import external_url, external_urls

if TYPE_CHECKING:
    from pathlib import Path

GROUP_OBJECT, GROUP, OTHER = 0x04, 0x08, 0x20
ALL = 0xFFFF_FFFF
ADDRESS = "postgresql://chengxin_office:secret@database.example.cn/chengxin"


@pytest.fixture
def handed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of this process's credentials, as the service manager makes one."""
    for name in [one for one in os.environ if one.startswith(("CHENGXIN_DATABASE_URL", "CHENGXIN_WEB_KEY"))]:
        monkeypatch.delenv(name)
    folder = tmp_path / "credentials"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    return folder


def put(folder: Path, name: str, text: str | bytes, mode: int = 0o400) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def grant(path: Path, *entries: tuple[int, int, int]) -> None:
    """Give ``path`` an access control list of (kind, rights, who)."""
    try:
        os.setxattr(path, ACL, struct.pack("<I", 2) + b"".join(ACL_ENTRY.pack(*one) for one in entries))
    except OSError as error:
        pytest.skip(f"this file system has no access control lists: {error}")


def refusal(name: str) -> ChengxinError:
    with pytest.raises(ChengxinError) as caught:
        secret_setting(name)
    assert (caught.value.code, caught.value.where) == ("credential_unusable", name)
    assert f"systemd-creds encrypt --name={name}" in caught.value.message_zh
    assert f"systemd-creds encrypt --name={name}" in caught.value.message_en
    return caught.value


def test_a_setting_comes_from_the_environment_else_from_the_credential_of_its_name(
    handed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert secret_setting("CHENGXIN_WEB_KEY") == ""
    put(handed, "CHENGXIN_WEB_KEY", "from the service manager\n")
    assert secret_setting("CHENGXIN_WEB_KEY") == web_key() == "from the service manager"
    monkeypatch.setenv("CHENGXIN_WEB_KEY", "from the environment")
    assert secret_setting("CHENGXIN_WEB_KEY") == web_key() == "from the environment"


def test_a_process_reaches_its_database_by_a_credential(handed: Path) -> None:
    put(handed, "CHENGXIN_DATABASE_URL", ADDRESS)
    assert database_url("office") == ADDRESS
    assert external_url("office") == ADDRESS


def test_serve_reaches_an_outside_database_by_five_credentials(handed: Path) -> None:
    assert external_urls() == {}
    for role in ("owner", "worker", "office", "api"):
        put(handed, f"CHENGXIN_DATABASE_URL_{role.upper()}", f"postgresql://{role}@host/chengxin")
    with pytest.raises(ChengxinError) as caught:
        external_urls()
    assert caught.value.where == "CHENGXIN_DATABASE_URL_PUBLIC"
    put(handed, "CHENGXIN_DATABASE_URL_PUBLIC", "postgresql://public@host/chengxin")
    assert external_urls()["public"] == "postgresql://public@host/chengxin"


def test_without_a_service_manager_there_are_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert credentials_folder(os.environ) is None
    assert not is_credential(tmp_path)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "gone"))
    assert credentials_folder(os.environ) is None
    assert secret_setting("CHENGXIN_NOTHING_OF_THE_KIND") == ""


def test_what_is_a_credential_is_told_by_its_place(handed: Path, tmp_path: Path) -> None:
    assert is_credential(handed)
    assert is_credential(handed / "checkpoint.1.key")
    assert not is_credential(tmp_path)
    assert not is_credential(tmp_path / "checkpoint.1.key")


@pytest.mark.parametrize("text", [b"", b"  \n", b"one\ntwo", b"\xff\xfe"])
def test_what_is_no_line_of_text_is_no_setting(handed: Path, text: bytes) -> None:
    put(handed, "CHENGXIN_DATABASE_URL", text)
    said = refusal("CHENGXIN_DATABASE_URL")
    assert "systemd 凭据" in said.message_zh


def test_a_credential_that_is_a_folder_is_said(handed: Path) -> None:
    (handed / "CHENGXIN_DATABASE_URL").mkdir()
    assert "读不了" in refusal("CHENGXIN_DATABASE_URL").message_zh


@pytest.mark.parametrize("mode", [0o404, 0o440, 0o444, 0o402])
def test_a_credential_others_can_read_is_not_used(handed: Path, mode: int) -> None:
    put(handed, "CHENGXIN_WEB_KEY", "secret", mode)
    said = refusal("CHENGXIN_WEB_KEY")
    assert "其他用户可以读取" in said.message_zh
    assert "secret" not in said.message_zh + said.message_en


def test_what_systemd_leaves_to_root_with_a_list_for_the_units_account_is_private(
    handed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(handed, "CHENGXIN_WEB_KEY", "secret")
    unit = os.geteuid() + 4711
    grant(
        path, (USER_OBJECT, 4, ALL), (USER, 4, unit), (GROUP_OBJECT, 0, ALL), (MASK, 4, ALL), (OTHER, 0, ALL)
    )  # fmt: skip
    assert path.stat().st_mode & 0o777 == 0o440, "the mask stands where the group's rights stand"
    assert open_to_others(path, path.stat()), "another account than ours may read it"
    held = os.stat_result((0o100440, *path.stat()[1:4], 0, *path.stat()[5:]))
    monkeypatch.setattr("os.geteuid", lambda: unit)
    assert not open_to_others(path, held)


@pytest.mark.parametrize(("kind", "who"), [(GROUP_OBJECT, ALL), (GROUP, 100), (OTHER, ALL), (USER, 65_534)])
def test_a_list_that_lets_anybody_else_in_is_seen(handed: Path, kind: int, who: int) -> None:
    path = put(handed, "CHENGXIN_WEB_KEY", "secret")
    base = {USER_OBJECT: (4, ALL), GROUP_OBJECT: (0, ALL), MASK: (4, ALL), OTHER: (0, ALL)}
    entries = [(one, *base[one]) for one in base if one != kind] + [(kind, 4, who)]
    grant(path, *sorted(entries))
    assert open_to_others(path, path.stat())


def test_somebody_elses_file_is_open_to_somebody_else(handed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(handed, "CHENGXIN_WEB_KEY", "secret")
    held = os.stat_result((0o100400, *path.stat()[1:4], 4711, *path.stat()[5:]))
    monkeypatch.setattr("os.geteuid", lambda: 4712)
    assert open_to_others(path, held)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=99))
def test_any_line_of_text_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "line"
    folder.mkdir(exist_ok=True)
    path = folder / "CHENGXIN_ANY"
    path.unlink(missing_ok=True)
    put(folder, path.name, text + "\n")
    assert secret_setting("CHENGXIN_ANY", {credentials.FOLDER: str(folder)}) == text
