"""Codes of an authenticator app and recovery codes: right ones once, wrong ones never, secrets under seal."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from chengxin.accounts import second_factors
from chengxin.accounts.models import Officer, SecondFactor
from chengxin.accounts.second_factors import (
    RECOVERY_CODES,
    STEP,
    Lifetime,
    add_totp,
    clock_drift,
    factors_of,
    lifetime,
    lifetime_of,
    make_recovery_codes,
    matching_step,
    new_totp_secret,
    remove_factor,
    totp_address,
    totp_code,
    totp_text,
    use_recovery_code,
    use_totp,
)
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError
from chengxin.crypto import Keyring, WrongSeal, load_keyring
from chengxin.testing.making import NOW, make_officer, make_organisation

pytestmark = pytest.mark.django_db

SECRET = b"12345678901234567890"
LATER = timedelta(seconds=STEP)


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return load_keyring(tmp_path / "keys")


@pytest.fixture
def zhang() -> Officer:
    return make_officer(make_organisation())


def _code(moment: datetime, secret: bytes = SECRET) -> str:
    return totp_code(secret, int(moment.timestamp()) // STEP)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
     (2000000000, "69279037"), (20000000000, "65353130")],
)  # fmt: skip
def test_the_codes_are_those_of_rfc_6238_appendix_b(seconds: int, code: str) -> None:
    assert totp_code(SECRET, seconds // STEP) == code[-6:]


def test_the_codes_are_those_of_rfc_4226_appendix_d() -> None:
    wanted = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
    assert [totp_code(SECRET, count) for count in range(10)] == wanted


@given(st.integers(0, 2**33), st.integers(-3, 3), st.sampled_from([0, 1]))
def test_a_code_counts_for_its_own_step_and_for_neighbours_only_where_a_setting_says_so(
    seconds: int, off: int, tolerance: int
) -> None:
    now = datetime.fromtimestamp(seconds + 1000, UTC)
    step = int(now.timestamp()) // STEP
    window = {totp_code(SECRET, step + near) for near in range(-tolerance, tolerance + 1)}
    code = totp_code(SECRET, step + off)
    found = matching_step(SECRET, code, now, tolerance)
    assert (found is not None) == (code in window)
    assert found is None or abs(found - step) <= tolerance


def test_by_default_a_code_lives_thirty_seconds() -> None:
    assert lifetime() == Lifetime(tolerance=0, measured=10)
    begin = datetime.fromtimestamp(int(NOW.timestamp()) // STEP * STEP, UTC)
    code = _code(begin)
    lives = [off for off in range(-60, 90) if matching_step(SECRET, code, begin + timedelta(seconds=off)) is not None]
    assert lives == list(range(STEP))


def test_the_figures_are_dated_and_name_their_sources() -> None:
    held = yaml.safe_load((Path(second_factors.__file__).with_suffix(".yaml")).read_text(encoding="utf-8"))
    assert held["from"].year == 2026
    assert "6.5.5" in held["totp_tolerance_source"]
    assert "RFC 6238" in held["totp_tolerance_source"]


@pytest.mark.parametrize(("tolerance", "measured"), [(-1, 10), (2, 10), (1, 0)])
def test_a_setting_that_would_let_a_code_live_longer_is_refused(tolerance: int, measured: int) -> None:
    with pytest.raises(ValueError, match=f"tolerance {tolerance}"):
        lifetime_of(tolerance, measured)


@given(st.integers(-10, 10))
def test_the_drift_of_a_telephone_is_measured_in_steps(off: int) -> None:
    now = NOW + timedelta(days=1)
    drift = clock_drift(SECRET, _code(now + off * LATER), now)
    codes = [_code(now + one * LATER) for one in range(-10, 11)]
    if codes.count(codes[off + 10]) == 1:
        assert drift == off * STEP
    assert drift is not None


def test_a_code_of_another_key_has_no_drift() -> None:
    window = {_code(NOW + off * LATER) for off in range(-10, 11)}
    other = next(one for one in map("{:06}".format, range(100)) if one not in window)
    assert clock_drift(SECRET, other, NOW) is None


@pytest.mark.parametrize(
    ("off", "zh", "en"), [(-1, "手机时间慢了约 30 秒", "30 seconds behind"), (2, "快了约 60 秒", "60 seconds ahead")]
)
def test_whoever_sets_an_app_up_with_a_wrong_clock_is_told_by_how_much(
    zhang: Officer, keyring: Keyring, off: int, zh: str, en: str
) -> None:
    with pytest.raises(ChengxinError) as caught:
        add_totp(zhang, SECRET, _code(NOW + off * LATER), NOW, keyring)
    assert caught.value.code == "totp_clock"
    assert zh in caught.value.message_zh
    assert en in caught.value.message_en
    assert "自动校准" in caught.value.message_zh
    assert not factors_of(zhang).has("totp"), "told, not set up"


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "0x1234", "\ud800"])
def test_what_is_no_code_is_wrong_and_breaks_nothing(code: str) -> None:
    assert matching_step(SECRET, code, NOW) is None


def test_an_app_shows_the_code_with_a_gap_and_that_is_right_too() -> None:
    code = _code(NOW)
    assert matching_step(SECRET, f" {code[:3]} {code[3:]} ", NOW) == int(NOW.timestamp()) // STEP


def test_the_address_in_the_qr_code_names_key_issuer_and_account() -> None:
    address = urlsplit(totp_address(SECRET, "li.min", "诚信昆山"))
    asked = parse_qs(address.query)
    assert (address.scheme, address.netloc, unquote(address.path)) == ("otpauth", "totp", "/诚信昆山:li.min")
    assert asked == {"secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"], "issuer": ["诚信昆山"]}
    assert totp_text(SECRET) == asked["secret"][0]


def test_an_app_is_kept_once_its_code_was_right_and_its_key_is_under_seal(zhang: Officer, keyring: Keyring) -> None:
    with pytest.raises(ChengxinError) as caught:
        add_totp(zhang, SECRET, "000000", NOW, keyring)
    assert caught.value.code == "totp_wrong"
    assert "可能刚刚变过" in caught.value.message_zh
    assert "自动校准" in caught.value.message_zh
    add_totp(zhang, SECRET, _code(NOW), NOW, keyring)
    held = SecondFactor.objects.get()
    assert SECRET not in bytes(held.secret)
    assert factors_of(zhang).has("totp")
    assert Event.objects.get().action == "officer.second_factor_added"
    assert str(held).startswith("动态口令")


def test_a_code_is_accepted_once_and_older_ones_never_again(zhang: Officer, keyring: Keyring) -> None:
    add_totp(zhang, SECRET, _code(NOW), NOW, keyring)
    assert not use_totp(zhang, _code(NOW), NOW, keyring), "the code that set it up was used"
    now = NOW + LATER
    assert use_totp(zhang, _code(now), now, keyring)
    assert not use_totp(zhang, _code(now), now, keyring)
    assert not use_totp(zhang, _code(now - LATER), now, keyring)
    assert not use_totp(zhang, _code(now + LATER), now, keyring), "nor the next one before its time"
    assert not use_totp(zhang, "000000", now + 10 * LATER, keyring)
    assert SecondFactor.objects.get().last_used_at == now


def test_a_key_copied_to_another_officer_opens_nothing(zhang: Officer, keyring: Keyring) -> None:
    add_totp(zhang, SECRET, _code(NOW), NOW, keyring)
    li = make_officer(zhang.organisation, "li")
    SecondFactor.objects.update(officer=li)
    now = NOW + LATER
    with pytest.raises(WrongSeal):
        use_totp(li, _code(now), now, keyring)
    assert not use_totp(zhang, _code(now), now, keyring)


def test_a_second_app_takes_the_place_of_the_first(zhang: Officer, keyring: Keyring) -> None:
    add_totp(zhang, SECRET, _code(NOW), NOW, keyring)
    other = new_totp_secret()
    add_totp(zhang, other, _code(NOW, other), NOW, keyring)
    now = NOW + LATER
    assert not use_totp(zhang, _code(now), now, keyring)
    assert use_totp(zhang, _code(now, other), now, keyring)


def test_recovery_codes_open_once_each_and_are_not_held(zhang: Officer) -> None:
    codes = make_recovery_codes(zhang, NOW)
    assert len(set(codes)) == RECOVERY_CODES
    assert all(re.fullmatch(r"([2-9A-HJ-NP-Z]{6}-){3}[2-9A-HJ-NP-Z]{6}", one) for one in codes)
    held = str(list(SecondFactor.objects.values()))
    assert not any(one in held or one.replace("-", "") in held for one in codes)
    assert use_recovery_code(zhang, codes[0].lower().replace("-", " "), NOW)
    assert not use_recovery_code(zhang, codes[0], NOW)
    assert factors_of(zhang).recovery_left == RECOVERY_CODES - 1
    assert not use_recovery_code(make_officer(zhang.organisation, "li"), codes[1], NOW)
    assert Event.objects.latest("id").action == "officer.recovery_code_used"


def test_new_recovery_codes_end_the_old_ones(zhang: Officer) -> None:
    old = make_recovery_codes(zhang, NOW)
    new = make_recovery_codes(zhang, NOW)
    assert not set(old) & set(new)
    assert not any(use_recovery_code(zhang, one, NOW) for one in old)
    assert use_recovery_code(zhang, new[3], NOW)


def test_the_last_factor_stays_where_one_is_needed(zhang: Officer, keyring: Keyring) -> None:
    add_totp(zhang, SECRET, _code(NOW), NOW, keyring)
    make_recovery_codes(zhang, NOW)
    number = factors_of(zhang).listed[0].id
    with pytest.raises(ChengxinError) as caught:
        remove_factor(zhang, number, NOW, needed=True)
    assert caught.value.code == "last_factor"
    key = SecondFactor.objects.create(officer=zhang, kind="passkey", key="k", name="电脑", made_at=NOW)
    remove_factor(zhang, number, NOW, needed=True)
    assert [one.id for one in factors_of(zhang).listed] == [key.pk]
    remove_factor(zhang, key.pk, NOW, needed=False)
    assert not factors_of(zhang).listed


def test_nobody_removes_anothers_factor_or_a_recovery_code_by_number(zhang: Officer, keyring: Keyring) -> None:
    add_totp(zhang, SECRET, _code(NOW), NOW, keyring)
    make_recovery_codes(zhang, NOW)
    recovery = SecondFactor.objects.filter(kind="recovery").latest("pk")
    for officer, number in (
        (make_officer(zhang.organisation, "li"), factors_of(zhang).listed[0].id),
        (zhang, recovery.pk),
    ):
        with pytest.raises(ChengxinError) as caught:
            remove_factor(officer, number, NOW, needed=False)
        assert caught.value.code == "unknown_factor"
