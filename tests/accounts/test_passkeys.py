"""Passkeys: the right key, for this site, to this question, once; anything else is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.accounts.models import Officer, SecondFactor
from chengxin.accounts.passkeys import PasskeyRefused, Site, add_passkey, begin_adding, begin_using, use_passkey
from chengxin.accounts.second_factors import factors_of
from chengxin.audit.models import Event
from chengxin.testing.making import NOW, make_officer, make_organisation
from chengxin.testing.passkey import PRESENT, SoftKey

pytestmark = pytest.mark.django_db

ORIGIN = "https://office.example.gov.cn"
SITE = Site("office.example.gov.cn", ORIGIN, "诚信昆山")


@pytest.fixture
def zhang() -> Officer:
    return make_officer(make_organisation())


def _add(officer: Officer, key: SoftKey, origin: str = ORIGIN, **changed: str) -> None:
    options, state = begin_adding(SITE, officer)
    add_passkey(SITE, officer, state, key.create(options, origin, **changed), " 办公电脑 ", NOW)


def _use(key: SoftKey, officer: Officer | None = None, origin: str = ORIGIN, **changed: str) -> Officer:
    options, state = begin_using(SITE, officer)
    return use_passkey(SITE, state, key.get(options, origin, **changed), NOW)


def test_a_passkey_is_registered_and_opens_for_its_officer(zhang: Officer) -> None:
    key = SoftKey()
    _add(zhang, key)
    assert _use(key, zhang).pk == zhang.pk
    assert _use(key).pk == zhang.pk
    held = SecondFactor.objects.get()
    assert (held.name, held.last_used_at) == ("办公电脑", NOW)
    assert factors_of(zhang).has("passkey")
    assert Event.objects.get().detail == {"kind": "passkey"}


def test_the_question_asks_for_user_verification_and_knows_the_keys_that_are_there(zhang: Officer) -> None:
    key = SoftKey()
    _add(zhang, key)
    options, state = begin_adding(SITE, zhang)
    asked = options["publicKey"]
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["rp"] == {"id": SITE.host, "name": SITE.name}
    assert [one["id"] for one in asked["excludeCredentials"]] == [SecondFactor.objects.get().key]
    assert json.loads(json.dumps(state)) == state
    assert begin_using(SITE, None)[0]["publicKey"].get("allowCredentials") is None


@pytest.mark.parametrize(
    ("origin", "changed"),
    [
        ("https://evil.example", {}),
        ("https://sub.office.example.gov.cn", {}),
        ("http://office.example.gov.cn", {}),
        (ORIGIN, {"host": "evil.example"}),
        (ORIGIN, {"challenge": "AAAAAAAAAAAAAAAAAAAAAA"}),
    ],
)
def test_an_answer_from_elsewhere_or_to_another_question_is_refused(
    zhang: Officer, origin: str, changed: dict[str, str]
) -> None:
    key = SoftKey()
    with pytest.raises(PasskeyRefused):
        _add(zhang, key, origin, **changed)
    assert not SecondFactor.objects.exists()
    _add(zhang, key)
    with pytest.raises(PasskeyRefused):
        _use(key, zhang, origin, **changed)


def test_a_key_without_finger_or_pin_is_refused(zhang: Officer) -> None:
    with pytest.raises(PasskeyRefused):
        _add(zhang, SoftKey(flags=PRESENT))
    key = SoftKey()
    _add(zhang, key)
    key.flags = PRESENT
    with pytest.raises(PasskeyRefused):
        _use(key)


def test_a_key_nobody_registered_or_that_signs_for_another_is_refused(zhang: Officer) -> None:
    key = SoftKey()
    _add(zhang, key)
    with pytest.raises(PasskeyRefused):
        _use(SoftKey())
    with pytest.raises(PasskeyRefused):
        _use(SoftKey(id=key.id, counter=50))
    with pytest.raises(PasskeyRefused):
        _add(make_officer(zhang.organisation, "li"), key)


def test_a_copied_key_betrays_itself_by_its_counter(zhang: Officer) -> None:
    key = SoftKey()
    _add(zhang, key)
    copy = SoftKey(id=key.id, key=key.key, counter=key.counter)
    assert _use(key)
    with pytest.raises(PasskeyRefused):
        _use(copy)


def test_a_passkey_that_is_synchronised_always_counts_zero(zhang: Officer) -> None:
    key = SoftKey(step=0)
    _add(zhang, key)
    assert _use(key).pk == _use(key).pk == zhang.pk


def test_an_answer_is_good_for_one_question(zhang: Officer) -> None:
    key = SoftKey()
    _add(zhang, key)
    options, state = begin_using(SITE, zhang)
    answer = key.get(options, ORIGIN)
    assert use_passkey(SITE, state, answer, NOW)
    for other in (state, begin_using(SITE, zhang)[1], {}):
        with pytest.raises(PasskeyRefused):
            use_passkey(SITE, other, answer, NOW)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "rawId", "response", "clientDataJSON", "x"]), inner, max_size=4)
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JUNK.map(json.dumps) | st.text(max_size=30))
def test_whatever_a_browser_sends_it_is_refused_in_words(zhang: Officer, answer: Any) -> None:
    state = begin_using(SITE, None)[1]
    with pytest.raises(PasskeyRefused) as caught:
        use_passkey(SITE, state, answer, NOW)
    assert caught.value.message_zh
    with pytest.raises(PasskeyRefused):
        add_passkey(SITE, zhang, begin_adding(SITE, zhang)[1], answer, "x", NOW)


@pytest.mark.parametrize("answer", ["[" * 50_000, "[" * 19_000, '{"response": ' * 1500])
def test_an_answer_that_is_far_too_long_or_too_deep_is_not_read(zhang: Officer, answer: str) -> None:
    with pytest.raises(PasskeyRefused):
        add_passkey(SITE, zhang, begin_adding(SITE, zhang)[1], answer, "x", NOW)
