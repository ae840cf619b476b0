"""An installation keeps its secrets to itself, and each process sees one address of the database."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from chengxin.base.config import (
    ROLES,
    SOCKET_PATH_LIMIT,
    Secrets,
    data_folder,
    database_url,
    django_database,
    embedded_url,
    ensure_secrets,
    proxies_in_front,
    read_secrets,
    socket_folder,
    web_key,
)
from chengxin.base.errors import ChengxinError

HELD = Secrets("key", {role: f"word-of-{role}" for role in ("superuser", *ROLES)})


@pytest.fixture(autouse=True)
def plain_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHENGXIN_DATABASE_URL", "CHENGXIN_WEB_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHENGXIN_DATA", str(tmp_path / "data"))


def test_the_secrets_are_readable_by_the_installing_user_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        held = ensure_secrets(tmp_path)
    finally:
        os.umask(before)
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert set(held.passwords) == {"superuser", *ROLES}
    assert len({held.web_key, *held.passwords.values()}) == len(ROLES) + 2, "no two secrets are the same"
    assert min(len(one) for one in (held.web_key, *held.passwords.values())) >= 32
    assert [one.name for one in tmp_path.iterdir()] == ["secrets.json"]


def test_secrets_that_exist_are_never_overwritten(tmp_path: Path) -> None:
    first = ensure_secrets(tmp_path)
    written = (tmp_path / "secrets.json").read_bytes()
    assert ensure_secrets(tmp_path) == first == read_secrets(tmp_path)
    assert (tmp_path / "secrets.json").read_bytes() == written


def test_two_processes_that_install_at_once_agree_on_the_secrets(tmp_path: Path) -> None:
    gate = threading.Barrier(8)
    made: list[Secrets] = []

    def install() -> None:
        gate.wait()
        made.append(ensure_secrets(tmp_path))

    threads = [threading.Thread(target=install) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert made == [read_secrets(tmp_path)] * 8
    assert [one.name for one in tmp_path.iterdir()] == ["secrets.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"web_key": "x"}', '{"web_key": "x", "passwords": {}}'])
def test_damaged_secrets_are_named_and_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / "secrets.json").write_text(content, encoding="utf-8")
    with pytest.raises(ChengxinError) as caught:
        ensure_secrets(tmp_path)
    assert caught.value.code == "secrets_unreadable"
    assert caught.value.where == str(tmp_path / "secrets.json")
    assert "从备份恢复" in caught.value.message_zh
    assert (tmp_path / "secrets.json").read_text(encoding="utf-8") == content


def test_a_folder_without_an_installation_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ChengxinError) as caught:
        read_secrets(tmp_path)
    assert caught.value.code == "not_installed"
    assert "chengxin demo" in caught.value.message_zh
    assert "chengxin demo" in caught.value.message_en
    assert caught.value.where == str(tmp_path)


def test_the_key_for_sessions_is_the_environments_or_the_installations_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = web_key()
    assert own == web_key() == read_secrets(tmp_path / "data").web_key
    monkeypatch.setenv("CHENGXIN_WEB_KEY", "given")
    assert web_key() == "given"


def test_the_data_folder_is_the_environments_or_var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert data_folder() == tmp_path / "data"
    monkeypatch.chdir(tmp_path)
    for unset in ("", None):
        monkeypatch.setenv("CHENGXIN_DATA", "") if unset == "" else monkeypatch.delenv("CHENGXIN_DATA")
        assert data_folder() == tmp_path / "var"


def test_an_address_of_the_environment_stands_for_any_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGXIN_DATABASE_URL", "postgresql://a:b@c/d")
    assert database_url("worker") == "postgresql://a:b@c/d"


def test_without_one_each_role_has_its_own_password(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    held = ensure_secrets(tmp_path / "data")
    for role in ROLES:
        parts = conninfo_to_dict(database_url(role))
        assert parts["user"] == f"chengxin_{role}"
        assert parts["password"] == held.passwords[role]
        assert parts["dbname"] == "chengxin"


@pytest.mark.parametrize("name", ["plain", "with space", "数据", "a%2Fb", "a@b:c?d#e", "it's", 'quo"te', "$HOME"])
def test_a_folder_of_any_name_gives_an_address_that_leads_there(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    parts = conninfo_to_dict(embedded_url(folder, "superuser", HELD))
    assert parts["host"] == str(folder / "run")
    assert parts["user"] == "postgres"
    assert parts["password"] == "word-of-superuser"


@given(st.integers(1, 400))
def test_the_socket_is_in_the_data_folder_as_long_as_the_path_is_short_enough(length: int) -> None:
    folder = Path("/" + "d" * length)
    fits = len(f"{folder}/run/.s.PGSQL.5432") <= SOCKET_PATH_LIMIT
    chosen = socket_folder(folder)
    assert (chosen == folder / "run") == fits
    assert len(os.fsencode(chosen / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT
    assert socket_folder(folder) == chosen, "the clients find it again"


def test_a_path_with_a_comma_would_be_read_as_a_list_of_hosts() -> None:
    assert "," not in str(socket_folder(Path("/data, old")))


def test_secrets_do_not_show_in_a_traceback() -> None:
    assert repr(HELD) == "Secrets()"


def test_chinese_paths_are_measured_in_bytes_and_two_users_or_folders_never_share() -> None:
    folder = Path("/" + "数据" * 20)
    assert socket_folder(folder) != folder / "run"
    assert str(os.geteuid()) in socket_folder(folder).name
    assert socket_folder(folder) != socket_folder(folder / "other")


def test_django_gets_the_address_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGXIN_DATABASE_URL", "postgresql://na%40me:p%3Aw%2F@db.city:6432/main?sslmode=verify-full")
    entry = django_database("office")
    assert {key: entry[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")} == {
        "USER": "na@me",
        "PASSWORD": "p:w/",
        "HOST": "db.city",
        "PORT": "6432",
        "NAME": "main",
    }
    assert entry["OPTIONS"] == {
        "options": "-c search_path=core,publication",
        "prepare_threshold": None,
        "sslmode": "verify-full",
    }


@pytest.mark.parametrize("host", ["%2Frun%2FPG", "%2frun%2fPG"])
def test_a_socket_keeps_its_capitals_and_its_port(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("CHENGXIN_DATABASE_URL", f"postgresql://u:p@{host}:5433/d")
    entry = django_database("worker")
    assert (entry["HOST"], entry["PORT"]) == ("/run/PG", "5433")


def test_several_hosts_and_the_other_way_to_write_an_address_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGXIN_DATABASE_URL", "postgresql://u:p@one:1,two:2/d")
    assert (django_database("api")["HOST"], django_database("api")["PORT"]) == ("one,two", "1,2")
    monkeypatch.setenv("CHENGXIN_DATABASE_URL", "host=one user=u password='a b' dbname=d")
    assert django_database("api")["PASSWORD"] == "a b"


def test_the_public_process_looks_into_one_schema_whatever_its_address_asks_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = quote("-c search_path=core -c work_mem=8MB")
    monkeypatch.setenv("CHENGXIN_DATABASE_URL", f"postgresql://u:p@h/d?options={asked}")
    options = str(django_database("public")["OPTIONS"]["options"])
    assert options.endswith("-c search_path=publication"), "the last one counts"
    assert "work_mem=8MB" in options


@pytest.mark.parametrize("wrong", ["postgresql://u:secret@h:port/d?x=y", "secret", "mysql://u:secret@h/d"])
def test_a_wrong_address_is_one_sentence_without_the_password(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("CHENGXIN_DATABASE_URL", wrong)
    with pytest.raises(ChengxinError) as caught:
        django_database("worker")
    assert caught.value.where == "CHENGXIN_DATABASE_URL"
    assert caught.value.code == "database_address_wrong"
    assert "secret" not in json.dumps(caught.value.as_dict())
    assert caught.value.__suppress_context__, "nor does a traceback show it"


@pytest.mark.parametrize(("value", "count"), [(None, 0), ("", 0), ("0", 0), ("1", 1), ("9", 9)])
def test_the_citys_proxies_in_front_are_counted(value: str | None, count: int) -> None:
    assert proxies_in_front({} if value is None else {"CHENGXIN_PROXIES": value}) == count


@pytest.mark.parametrize("value", ["x", "-1", "10", "1.0", " 1", "一", "１", "true"])
def test_a_number_of_proxies_that_is_none_is_one_sentence_that_names_the_setting(value: str) -> None:
    with pytest.raises(ChengxinError, match="CHENGXIN_PROXIES") as told:
        proxies_in_front({"CHENGXIN_PROXIES": value})
    assert (told.value.code, told.value.where) == ("setting_wrong", "CHENGXIN_PROXIES")
    assert value in told.value.message_zh
    assert "代理服务器的个数" in told.value.message_zh
