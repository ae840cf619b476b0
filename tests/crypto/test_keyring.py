"""Sealing, signing and blinding with keys of their purpose, and what happens when a key is replaced."""

from __future__ import annotations

import copy
import pickle
import shutil
import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.crypto.conftest import MADE, SUITES, ring

from chengxin.crypto import (
    PURPOSES,
    KeyMissing,
    Keyring,
    KeysUnsafe,
    Kind,
    PublicKey,
    Signature,
    WrongPurpose,
    WrongSeal,
    WrongSignature,
    context_of,
    load_keyring,
    sealed_by,
    suite_named,
    verify,
)

if TYPE_CHECKING:
    from pathlib import Path

NUMBER = b"330106199001011234"
SIGNS = [name for name, one in PURPOSES.items() if one.kind is Kind.SIGN]
SEALS = [name for name, one in PURPOSES.items() if one.kind is Kind.SEAL]


# Laws


@given(plain=st.binary(max_size=200), context=st.binary(max_size=60), purpose=st.sampled_from(SEALS))
def test_what_is_sealed_opens_again(keyring: Keyring, plain: bytes, context: bytes, purpose: str) -> None:
    sealed = keyring.seal(purpose, plain, context)
    assert keyring.open(purpose, sealed, context) == plain
    assert plain not in sealed or len(plain) < 5


@given(plain=st.binary(max_size=40), data=st.data())
def test_any_flipped_bit_is_refused(keyring: Keyring, plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(keyring.seal("sealed-number", plain, b"context"))
    place = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[place // 8] ^= 1 << (place % 8)
    with pytest.raises(WrongSeal):
        keyring.open("sealed-number", bytes(sealed), b"context")


def test_every_single_bit_of_one_sealed_number_counts(keyring: Keyring) -> None:
    sealed = keyring.seal("sealed-number", NUMBER, b"context")
    for place in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[place // 8] ^= 1 << (place % 8)
        with pytest.raises(WrongSeal):
            keyring.open("sealed-number", bytes(changed), b"context")


@given(data=st.data())
def test_a_cut_or_lengthened_seal_is_refused(keyring: Keyring, data: st.DataObject) -> None:
    sealed = keyring.seal("sealed-number", NUMBER, b"context")
    cut = sealed[: data.draw(st.integers(0, len(sealed) - 1))]
    longer = sealed + data.draw(st.binary(min_size=1, max_size=20))
    for changed in (cut, longer):
        with pytest.raises(WrongSeal):
            keyring.open("sealed-number", changed, b"context")


@given(sealed=st.one_of(st.binary(max_size=120), st.binary(max_size=80).map(lambda rest: b"\x01\x20" + rest)))
def test_bytes_from_anywhere_are_refused_and_break_nothing(keyring: Keyring, sealed: bytes) -> None:
    with pytest.raises(WrongSeal):
        keyring.open("sealed-number", sealed, b"context")


@given(one=st.binary(max_size=30), other=st.binary(max_size=30))
def test_a_seal_opens_in_its_own_context_only(keyring: Keyring, one: bytes, other: bytes) -> None:
    sealed = keyring.seal("sealed-number", NUMBER, one)
    if one == other:
        assert keyring.open("sealed-number", sealed, other) == NUMBER
        return
    with pytest.raises(WrongSeal):
        keyring.open("sealed-number", sealed, other)


@given(parts=st.lists(st.text(max_size=8), max_size=4), others=st.lists(st.text(max_size=8), max_size=4))
def test_contexts_are_equal_only_when_their_parts_are(parts: list[str], others: list[str]) -> None:
    assert (context_of(*parts) == context_of(*others)) == (parts == others)


@given(message=st.binary(max_size=200), data=st.data())
def test_a_signature_holds_for_its_message_only(keyring: Keyring, message: bytes, data: st.DataObject) -> None:
    signature = keyring.sign("receipt", message)
    keys = keyring.public_keys("receipt")
    verify(keys, message, signature)
    verify(keys, message, Signature.parse(signature.text()))
    other = data.draw(st.binary(max_size=200).filter(lambda one: one != message))
    with pytest.raises(WrongSignature):
        verify(keys, other, signature)


def test_every_single_bit_of_a_signature_counts(keyring: Keyring) -> None:
    signature, keys = keyring.sign("receipt", b"m"), keyring.public_keys("receipt")
    for place in range(len(signature.value) * 8):
        value = bytearray(signature.value)
        value[place // 8] ^= 1 << (place % 8)
        with pytest.raises(WrongSignature):
            verify(keys, b"m", Signature(signature.suite, signature.key_id, bytes(value)))


@given(one=st.text(max_size=30), other=st.text(max_size=30))
def test_blind_indexes_are_equal_for_equal_values_only(keyring: Keyring, one: str, other: str) -> None:
    same = unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
    assert (keyring.blind("blind-index", one) == keyring.blind("blind-index", other)) == same
    assert len(keyring.blind("blind-index", one)) == 16


# Purposes and rows


def test_a_sealed_number_moved_to_another_row_does_not_open(keyring: Keyring) -> None:
    rows = {
        number: keyring.seal("sealed-number", f"33010619900101{number}".encode(), context_of("person", "id", number))
        for number in ("0011", "0022")
    }
    rows["0011"], rows["0022"] = rows["0022"], rows["0011"]
    for number, sealed in rows.items():
        with pytest.raises(WrongSeal) as refused:
            keyring.open("sealed-number", sealed, context_of("person", "id", number))
        assert refused.value.code == "wrong_seal"
    assert keyring.open("sealed-number", rows["0011"], context_of("person", "id", "0022")) == b"330106199001010022"


def test_one_purpose_never_opens_what_another_sealed(keyring: Keyring) -> None:
    sealed = keyring.seal("backup", NUMBER, b"c")
    with pytest.raises(WrongSeal):
        keyring.open("sealed-number", sealed, b"c")


def test_a_key_does_only_what_its_purpose_is_for(keyring: Keyring) -> None:
    for call in (
        lambda: keyring.sign("backup", b"m"),
        lambda: keyring.public_keys("blind-index"),
        lambda: keyring.seal("receipt", b"m", b"c"),
        lambda: keyring.open("receipt", b"m", b"c"),
        lambda: keyring.blind("sealed-number", "x"),
        lambda: keyring.blinds("checkpoint", "x"),
        lambda: keyring.sign("nothing", b"m"),
        lambda: keyring.rotate("nothing", MADE),
    ):
        with pytest.raises(WrongPurpose) as refused:
            call()
        assert "chengxin keys list" in refused.value.message_zh


def test_another_installation_opens_nothing_of_ours(keyring: Keyring, tmp_path: Path) -> None:
    other = ring(tmp_path / "keys", "international")
    with pytest.raises(KeyMissing) as refused:
        other.open("sealed-number", keyring.seal("sealed-number", NUMBER, b"c"), b"c")
    assert refused.value.code == "key_missing"
    assert "备份" in refused.value.message_zh
    assert keyring.blind("blind-index", "x") != other.blind("blind-index", "x")
    with pytest.raises(WrongSignature):
        verify(other.public_keys("receipt"), b"m", keyring.sign("receipt", b"m"))


def test_the_right_name_on_the_wrong_key_does_not_help(keyring: Keyring, tmp_path: Path) -> None:
    suite = keyring.facts()[0].suite
    signature = ring(tmp_path / "keys", suite).sign("receipt", b"m")
    ours = keyring.public_keys("receipt")
    with pytest.raises(WrongSignature):
        verify(ours, b"m", Signature(suite, ours[0].key_id, signature.value))


def test_a_signature_cannot_choose_another_suite_than_its_keys(keyring: Keyring) -> None:
    made = keyring.sign("receipt", b"m")
    other = next(one for one in SUITES if one != made.suite)
    keys = keyring.public_keys("receipt")
    with pytest.raises(WrongSignature):
        verify(keys, b"m", Signature(other, made.key_id, made.value))
    lied = [PublicKey(one.key_id, other, one.state, one.made_at, one.pem) for one in keys]
    with pytest.raises(WrongSignature):
        verify(lied, b"m", Signature(other, made.key_id, made.value))


def test_no_nonce_comes_twice(keyring: Keyring) -> None:
    # 100,000 for each suite; random 96-bit nonces repeat here with a chance of 6e-20.
    count = 100_000
    front = len(keyring.seal("sealed-number", b"", b"")) - 12 - 16
    nonces = {keyring.seal("sealed-number", b"", b"")[front : front + 12] for _ in range(count)}
    assert len(nonces) == count
    assert {len(one) for one in nonces} == {12}


def numbers_of_one_day(area: str, born: str) -> list[str]:
    """Return the thousand identity numbers of an area and a day, check digit included (GB 11643)."""
    weights, digits = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"
    bodies = [f"{area}{born}{sequence:03d}" for sequence in range(1000)]
    return [
        one + digits[sum(int(digit) * weight for digit, weight in zip(one, weights, strict=True)) % 11]
        for one in bodies
    ]


def test_trying_numbers_breaks_a_plain_digest_and_not_a_blind_index(keyring: Keyring, tmp_path: Path) -> None:
    number = "32058319900101007X"
    suite = suite_named(keyring.facts()[0].suite)
    tried = numbers_of_one_day("320583", "19900101")
    stolen = suite.digest(number.encode())
    assert [one for one in tried if suite.digest(one.encode()) == stolen] == [number]
    blind = keyring.blind("blind-index", number)
    assert blind not in {suite.digest(one.encode())[:16] for one in tried}
    guess = ring(tmp_path / "guess", suite.name)
    assert blind not in {guess.blind("blind-index", one) for one in tried}
    assert [one for one in tried if keyring.blind("blind-index", one) == blind] == [number]


# Rotation


def test_rotation_retires_a_key_that_still_opens_and_verifies(suite_name: str, folder: Path) -> None:
    made = ring(folder, suite_name)
    sealed, signature = made.seal("sealed-number", NUMBER, b"c"), made.sign("receipt", b"m")
    blind = made.blind("blind-index", "x")
    later = MADE + timedelta(days=365)
    for purpose in ("sealed-number", "receipt", "blind-index"):
        facts = made.rotate(purpose, later)
        assert (facts.purpose, facts.version, facts.state, facts.made_at) == (purpose, 2, "current", later)
    assert made.open("sealed-number", sealed, b"c") == NUMBER
    assert not made.is_current("sealed-number", sealed)
    again = made.seal("sealed-number", NUMBER, b"c")
    assert made.is_current("sealed-number", again)
    assert sealed_by(sealed) != sealed_by(again)
    keys = made.public_keys("receipt")
    assert [(one.state, one.key_id.split(".")[1]) for one in keys] == [("current", "2"), ("retired", "1")]
    verify(keys, b"m", signature)
    assert made.blinds("blind-index", "x") == (made.blind("blind-index", "x"), blind)
    states = {(one.purpose, one.version): (one.state, one.made_at) for one in made.facts()}
    assert states["receipt", 1] == ("retired", MADE)
    assert states["receipt", 2] == ("current", later)
    assert states["backup", 1] == ("current", MADE)


@pytest.mark.parametrize(("before", "after"), [("international", "national"), ("national", "international")])
def test_old_data_of_the_other_suite_still_opens(
    folder: Path, monkeypatch: pytest.MonkeyPatch, before: str, after: str
) -> None:
    made = ring(folder, before)
    sealed, signature = made.seal("sealed-number", NUMBER, b"c"), made.sign("receipt", b"m")
    monkeypatch.setenv("CHENGXIN_CRYPTO_SUITE", after)
    changed = load_keyring(folder)
    assert changed.sign("receipt", b"m").suite == before  # a setting alone changes no key
    assert changed.rotate("receipt", MADE).suite == after
    assert changed.rotate("sealed-number", MADE).suite == after
    assert changed.open("sealed-number", sealed, b"c") == NUMBER
    newer = changed.sign("receipt", b"m")
    assert newer.suite == after
    for one in (signature, newer):
        verify(changed.public_keys("receipt"), b"m", one)
    resealed = changed.seal("sealed-number", NUMBER, b"c")
    assert made.open("sealed-number", resealed, b"c") == NUMBER  # the older ring reads the folder again


def test_other_processes_use_the_new_key_without_a_restart(suite_name: str, folder: Path) -> None:
    first, second = ring(folder, suite_name), ring(folder, suite_name)
    for version in (2, 3, 4):
        facts = second.rotate("sealed-number", MADE)
        assert facts.version == version
        assert sealed_by(first.seal("sealed-number", NUMBER, b"c")) == facts.key_id
    assert first.has(facts.key_id)
    assert not first.has("sealed-number.9.00000000")


def test_a_retired_key_that_was_destroyed_takes_its_data_with_it_and_says_so(folder: Path) -> None:
    made = ring(folder, "international")
    sealed = made.seal("backup", NUMBER, b"c")
    made.rotate("backup", MADE)
    (folder / "backup.1.key").unlink()
    with pytest.raises(KeyMissing) as refused:
        ring(folder, "international").open("backup", sealed, b"c")
    assert refused.value.where == sealed_by(sealed)


def test_a_read_only_folder_gives_what_it_has_and_makes_nothing(folder: Path, tmp_path: Path) -> None:
    whole = ring(folder, "international")
    part = tmp_path / "part"
    part.mkdir(mode=0o700)
    shutil.copy2(folder / "receipt.1.key", part)
    part.chmod(0o500)
    given = ring(part, "international")
    verify(whole.public_keys("receipt"), b"m", given.sign("receipt", b"m"))
    with pytest.raises(KeyMissing) as missing:
        given.seal("sealed-number", NUMBER, b"c")
    assert missing.value.where == "sealed-number"
    with pytest.raises(WrongSeal):
        given.open("sealed-number", whole.seal("sealed-number", NUMBER, b"c"), b"c")
    with pytest.raises(KeysUnsafe) as refused:
        given.rotate("receipt", MADE)
    assert refused.value.code == "keys_read_only"
    assert [one.name for one in part.iterdir()] == ["receipt.1.key"]


# Silence


def test_no_key_shows_in_any_text_or_pickle(folder: Path, suite_name: str) -> None:
    made = ring(folder, suite_name)
    texts = [repr(made), str(made), repr(made.facts()), repr(made._keys), pickle.dumps(made).decode("latin-1")]
    for held in made._keys.values():
        for one in held:
            texts.append(repr(one.file))
            secret = one.file.stored
            for form in (repr(secret)[2:-1], secret.hex(), secret.decode("latin-1")):
                assert not [text for text in texts if form in text]
    assert pickle.loads(pickle.dumps(made)).blind("blind-index", "x") == made.blind("blind-index", "x")  # noqa: S301
    assert copy.deepcopy(made).blind("blind-index", "x") == made.blind("blind-index", "x")


@settings(max_examples=300)
@given(text=st.one_of(st.text(max_size=80), st.from_regex(r"[a-z]+:receipt\.1\.[0-9a-f]{8}:[A-Za-z0-9_=-]*\n?")))
def test_a_text_is_a_signature_in_one_spelling_or_not_at_all(text: str) -> None:
    try:
        parsed = Signature.parse(text)
    except WrongSignature:
        return
    assert parsed.text() == text
