"""Power asks again where the session's situation changed, and administration happens in its own networks only."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.ends.office.strong import CHROME, FIREFOX, come_in, give_app

from chengxin.accounts.access import load_matrix
from chengxin.accounts.entrances import load_entrances
from chengxin.audit.errors import EvidenceUnavailable
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError
from chengxin.ends.office import doubt
from chengxin.ends.office.access import load_access
from chengxin.ends.office.models import Device
from chengxin.testing.making import make_officer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chengxin.accounts.models import Organisation

POWER = "/officers/new/"
HOME, ABROAD = "127.0.0.1", "198.51.100.7"


@pytest.fixture
def own(office: Any, organisation: Organisation) -> Any:
    """Give an administrator's browser, logged in completely a second time on a device of yesterday."""
    give_app(office, make_officer(organisation, "wang", "administrator"))
    office.client.defaults["HTTP_USER_AGENT"] = CHROME
    come_in(office, office.client, "wang")
    office.post("/log-out/")
    office.later(hours=load_access().new_device_hours + 1)
    assert come_in(office, office.client, "wang").status_code == 302
    return office.client


def _asked(response: Any) -> str:
    """Return why the officer was sent to log in again, or nothing."""
    where = response.headers.get("Location", "")
    return where.partition("again=")[2] if where.startswith("/log-in/?") else ""


def _reasons() -> list[str]:
    found = Event.objects.filter(action="officer.asked_again").order_by("id")
    return [str(one["reason"]) for one in found.values_list("detail", flat=True)]


def test_every_entrance_that_takes_two_officers_or_makes_accounts_is_careful() -> None:
    matrix = load_matrix()
    powerful = {key for key, one in matrix.operations.items() if one.four_eyes} | {"officers.manage"}
    # Asked for, decided and carried out on pages of other operations.
    powerful -= {"practitioners.change", "system.restore", "duties.grant", "bodies.split"}
    writing = [one for one in load_entrances() if one.end == "office" and one.method != "GET"]
    assert [one.name for one in writing if one.needs in powerful and not one.careful] == []
    assert powerful <= {one.needs for one in writing}
    careful = {one.name for one in writing if one.careful}
    assert {"approval", "carry_out", "held_decide", "client", "officer"} <= careful
    assert not careful & {"upload", "log_out", "account", "link_decide", "end_sessions"}


def test_on_a_device_known_for_long_nothing_is_asked(own: Any) -> None:
    assert own.get(POWER).status_code == 200
    assert _reasons() == []


def test_a_session_that_goes_on_in_another_network_shows_its_factors_again_before_power(office: Any, own: Any) -> None:
    assert own.get("/officers/", REMOTE_ADDR=ABROAD).status_code == 200, "looking goes on"
    refused = own.get(POWER, REMOTE_ADDR=ABROAD)
    assert _asked(refused) == "network"
    assert refused["Location"].startswith("/log-in/?next=%2Fofficers%2Fnew%2F")
    assert "您的网络在登录后变了" in html.unescape(own.get(refused["Location"]).content.decode())
    event = Event.objects.get(action="officer.asked_again")
    assert (event.actor, event.detail["page"], event.detail["address"]) == ("wang", "new_officer", ABROAD)
    own.defaults["REMOTE_ADDR"] = ABROAD
    come_in(office, own, "wang")
    assert own.get(POWER).status_code == 200, "the factors were shown there"


def test_going_back_to_the_first_network_does_not_undo_the_doubt(own: Any) -> None:
    own.get("/officers/", REMOTE_ADDR=ABROAD)
    assert _asked(own.get(POWER, REMOTE_ADDR=HOME)) == "network"


def test_a_neighbouring_address_is_the_same_network(own: Any) -> None:
    assert own.get(POWER, REMOTE_ADDR="127.0.0.77").status_code == 200


def test_another_browser_with_the_sessions_cookie_is_asked(own: Any) -> None:
    assert own.get("/officers/", HTTP_USER_AGENT=FIREFOX).status_code == 200, "ordinary work goes on"
    assert _asked(own.post("/officers/of/wang/", {"do": "close"}, HTTP_USER_AGENT=FIREFOX)) == "browser"
    assert _reasons() == ["browser"]


def test_an_updated_browser_is_the_same_browser(own: Any) -> None:
    assert own.get(POWER, HTTP_USER_AGENT=CHROME.replace("149", "150")).status_code == 200


def test_the_session_that_brings_a_new_device_has_no_power_and_the_next_has_it_while_it_is_fresh(
    office: Any, own: Any
) -> None:
    own.cookies.clear()
    come_in(office, own, "wang")
    assert Device.objects.count() == 2
    assert own.get("/officers/").status_code == 200
    assert _asked(own.get(POWER)) == "device"
    come_in(office, own, "wang")
    assert own.get(POWER).status_code == 200
    office.later(minutes=load_access().sensitive_minutes + 1)
    assert own.get("/officers/").status_code == 200
    assert _asked(own.get(POWER)) == "device", "in its first day"
    office.later(hours=load_access().new_device_hours)
    come_in(office, own, "wang")
    office.later(minutes=load_access().sensitive_minutes + 1)
    assert own.get(POWER).status_code == 200
    assert _reasons() == ["device", "device"]


def test_where_a_form_can_only_be_sent_one_comes_back_to_the_page_it_belongs_to(own: Any) -> None:
    refused = own.post("/approvals/7/carry-out/", REMOTE_ADDR=ABROAD)
    assert refused["Location"] == "/log-in/?next=%2Fapprovals%2F7%2F&again=network"


def test_a_piece_of_a_page_is_led_away_as_a_whole(own: Any) -> None:
    refused = own.get(POWER, REMOTE_ADDR=ABROAD, HTTP_HX_REQUEST="true")
    assert refused.status_code == 204
    assert refused["HX-Redirect"].endswith("again=network")


@pytest.mark.parametrize("path", ["/account/recovery-codes/", "/account/sessions/end-others/"])
def test_what_changes_the_way_in_asks_again_after_a_move_though_the_log_in_is_fresh(own: Any, path: str) -> None:
    refused = own.post(path, REMOTE_ADDR=ABROAD)
    assert refused["Location"] == "/log-in/?next=%2Faccount%2F&again=network"


def test_a_rehearsal_without_second_factors_has_nothing_to_show_again(office: Any, organisation: Organisation) -> None:
    make_officer(organisation, "zhao", "administrator")
    office.log_in("zhao")
    assert office.get(POWER, REMOTE_ADDR=ABROAD).status_code == 200


def test_without_evidence_nobody_is_asked_and_nothing_is_done(own: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(**_event: object) -> int:
        raise EvidenceUnavailable

    monkeypatch.setattr(doubt, "record_event", missing)
    assert own.get(POWER, REMOTE_ADDR=ABROAD).status_code == 503
    assert own.get("/officers/").status_code == 200


@pytest.fixture
def bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Bind administration to two networks, as a city's own file does."""
    _settings(tmp_path, monkeypatch, administration_networks=["10.20.0.0/16", "2001:db8:20::/48"])
    yield
    load_access.cache_clear()


def _settings(folder: Path, monkeypatch: pytest.MonkeyPatch, **changed: object) -> None:
    from importlib import resources  # noqa: PLC0415 - only here

    held = yaml.safe_load((resources.files("chengxin.ends.office") / "access.yaml").read_text(encoding="utf-8"))
    path = folder / "access.yaml"
    path.write_text(yaml.safe_dump(held | changed), encoding="utf-8")
    monkeypatch.setenv("CHENGXIN_OFFICE_ACCESS", str(path))
    load_access.cache_clear()


@pytest.mark.usefixtures("bound")
@pytest.mark.parametrize("role", ["administrator", "security"])
def test_administration_happens_in_its_own_networks_only(office: Any, organisation: Organisation, role: str) -> None:
    make_officer(organisation, "qian", role)
    office.log_in("qian")
    page = "/officers/" if role == "administrator" else "/clients/"
    for path in (page, "/approvals/7/"):
        refused = office.get(path, REMOTE_ADDR="10.21.0.1")
        assert refused.status_code == 403, path
        assert "管理网络" in html.unescape(refused.content.decode())
    event = Event.objects.filter(action="access.refused").latest("id")
    assert (event.detail["reason"], event.detail["address"]) == ("network", "10.21.0.1")
    assert office.post("/approvals/7/carry-out/", REMOTE_ADDR="10.21.0.1").status_code == 403
    assert office.get("/account/", REMOTE_ADDR="10.21.0.1").status_code == 200, "the own account is no administration"
    for address in ("10.20.255.1", "::ffff:10.20.0.9", "2001:db8:20:1::1"):
        assert office.get(page, REMOTE_ADDR=address).status_code == 200, address
    office.post("/language/", {"language": "en", "next": "/"})
    assert "networks of administration only" in office.get(page, REMOTE_ADDR="2001:db8:21::1").content.decode()


@pytest.mark.usefixtures("bound")
def test_other_duties_work_from_everywhere(office: Any, organisation: Organisation) -> None:
    make_officer(organisation, "sun", "submitter")
    office.log_in("sun")
    assert office.get("/batches/", REMOTE_ADDR=ABROAD).status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("administration_networks", "10.0.0.0/8"),
        ("administration_networks", ["10.20.0.1/16"]),
        ("administration_networks", ["anywhere"]),
        ("administration_networks", None),
        ("administration_duties", ["mayor"]),
        ("administration_duties", "administrator"),
        ("device_days", 0),
        ("new_device_hours", "24"),
    ],
)
def test_a_setting_that_means_nothing_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    _settings(tmp_path, monkeypatch, **{name: value})
    with pytest.raises(ChengxinError) as refused:
        load_access()
    assert (refused.value.code, refused.value.where) == ("access_file_wrong", name)
    monkeypatch.undo()
    load_access.cache_clear()


def test_no_network_given_means_everywhere_and_one_given_nowhere_unknown() -> None:
    access = load_access()
    assert access.administration_networks == ()
    assert access.may_administer_from("anything at all")


def test_logging_in_once_more_without_logging_out_begins_from_where_one_is(office: Any, own: Any) -> None:
    own.get("/officers/", REMOTE_ADDR=ABROAD)
    own.defaults["REMOTE_ADDR"] = ABROAD
    come_in(office, own, "wang")
    assert own.get(POWER).status_code == 200
