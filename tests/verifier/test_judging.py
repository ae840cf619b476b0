"""What happened is told from checkpoints alone where they are enough."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from chengxin.audit.checkpoint import NOTHING_BEFORE, Checkpoint
from chengxin.crypto import Keyring, load_keyring
from chengxin.testing.making import NOW
from chengxin.verifier.findings import Findings
from chengxin.verifier.judging import Roots, Signed, StoredNote, judge_history, judge_notes
from chengxin.verifier.merkle import Growing
from chengxin.verifier.notes import Kept, Key, read_keys, read_note

if TYPE_CHECKING:
    from collections.abc import Sequence

ORIGIN = "5b0f2f0e-0000-4000-8000-000000000001"
LEAVES = [hashlib.sha256(str(number).encode()).digest() for number in range(40)]
OTHERS = [*LEAVES[:12], *(hashlib.sha256(b"other" + one).digest() for one in LEAVES[12:])]


def root(leaves: Sequence[bytes]) -> bytes:
    tree = Growing(hashlib.sha256)
    for one in leaves:
        tree.add(one)
    return tree.root()


def roots(leaves: Sequence[bytes], stored: Sequence[bytes] | None = None) -> Roots:
    made = Roots(hashlib.sha256)
    for kept, held in ((made.computed, leaves), (made.stored, leaves if stored is None else stored)):
        tree = Growing(hashlib.sha256)
        for count, one in enumerate(held, 1):
            tree.add(one)
            kept[count] = list(tree.peaks)
    return made


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return load_keyring(tmp_path_factory.mktemp("judge") / "keys")


@pytest.fixture(scope="module")
def keys(keyring: Keyring) -> dict[str, Key]:
    return read_keys("".join(key.block() for key in keyring.public_keys("checkpoint")))


def chain(
    keyring: Keyring, sizes: Sequence[int], leaves: Sequence[bytes] = LEAVES, begin: datetime = NOW
) -> list[Checkpoint]:
    made: list[Checkpoint] = []
    for number, size in enumerate(sizes, 1):
        previous = made[-1].digest() if made else NOTHING_BEFORE
        at = begin + timedelta(minutes=number)
        one = Checkpoint(ORIGIN, number, size, "sha256", root(leaves[:size]), at, previous)
        made.append(one.signed(keyring))
    return made


def stored(checkpoints: Sequence[Checkpoint]) -> list[StoredNote]:
    return [StoredNote(one.number, one.size, read_note(one.note())) for one in checkpoints]


def kept(checkpoints: Sequence[Checkpoint], name: str = "first") -> Kept:
    return Kept(name, tuple(read_note(one.note()) for one in checkpoints))


def judged(own: Sequence[StoredNote], witnesses: Sequence[Kept], keys: dict[str, Key]) -> tuple[Signed, Findings]:
    found = Findings()
    return judge_notes(own, witnesses, keys, found), found


def codes(found: Findings) -> list[str]:
    return [one.code for one in found.first()]


def test_a_sound_chain_at_two_witnesses_is_sound(keyring: Keyring, keys: dict[str, Key]) -> None:
    made = chain(keyring, [5, 10, 20])
    signed, found = judged(stored(made), [kept(made), kept(made[:2], "second")], keys)
    assert judge_history(signed, roots(LEAVES[:20]), 20, None, found) == 20
    assert codes(found) == []
    assert sorted(signed.witnessed) == [1, 2, 3]


def test_leaves_after_the_last_checkpoint_are_no_trouble(keyring: Keyring, keys: dict[str, Key]) -> None:
    made = chain(keyring, [5, 10])
    signed, found = judged(stored(made), [kept(made)], keys)
    assert judge_history(signed, roots(LEAVES[:17]), 17, None, found) == 10
    assert codes(found) == []


def test_a_witness_that_is_behind_vouches_for_what_it_has(keyring: Keyring, keys: dict[str, Key]) -> None:
    made = chain(keyring, [5, 10, 20])
    signed, found = judged(stored(made), [kept(made[:1])], keys)
    assert judge_history(signed, roots(LEAVES[:20]), 20, None, found) == 5
    assert codes(found) == []


@pytest.mark.parametrize("gone", [[1], [2], [1, 2]])
def test_checkpoints_that_are_gone_before_the_last_are_counted(
    keyring: Keyring, keys: dict[str, Key], gone: list[int]
) -> None:
    made = [one for one in chain(keyring, [5, 10, 20]) if one.number not in gone]
    _signed, found = judged(stored(made), [], keys)
    (finding,) = found.first()
    assert (finding.code, finding.checkpoint, finding.count) == ("checkpoint_deleted", gone[0], len(gone))


def test_an_old_checkpoint_in_a_new_place_is_a_replay(keyring: Keyring, keys: dict[str, Key]) -> None:
    made = stored(chain(keyring, [5, 10, 20]))
    _signed, found = judged([made[0], made[1], replace(made[0], number=3)], [], keys)
    (finding,) = found.first()
    assert (finding.code, finding.checkpoint, finding.detail) == ("checkpoint_replayed", 3, "= 1")


def test_columns_that_differ_from_the_text_are_a_change(keyring: Keyring, keys: dict[str, Key]) -> None:
    made = stored(chain(keyring, [5, 10]))
    _signed, found = judged([made[0], replace(made[1], size=9)], [], keys)
    (finding,) = found.first()
    assert (finding.code, finding.checkpoint, finding.detail) == ("checkpoint_changed", 2, "size")


def test_a_first_checkpoint_has_nothing_before_it(keyring: Keyring, keys: dict[str, Key]) -> None:
    first = replace(chain(keyring, [5])[0], previous="1" * 64).signed(keyring)
    _signed, found = judged(stored([first]), [], keys)
    assert codes(found) == ["checkpoint_changed"]


def test_a_checkpoint_that_names_another_before_it_shows_which_was_changed(
    keyring: Keyring, keys: dict[str, Key]
) -> None:
    made = chain(keyring, [5, 10, 20])
    again = replace(made[1], at=made[1].at + timedelta(seconds=1)).signed(keyring)
    _signed, found = judged(stored([made[0], again, made[2]]), [], keys)
    (finding,) = found.first()
    assert (finding.code, finding.checkpoint) == ("checkpoint_changed", 2)


def test_two_witnesses_with_different_roots_of_one_size_are_a_split_view(
    keyring: Keyring, keys: dict[str, Key]
) -> None:
    made, other = chain(keyring, [5, 10, 20]), chain(keyring, [5, 10, 20], OTHERS)
    _signed, found = judged(stored(made), [kept(made), kept([*made[:2], other[2]], "second")], keys)
    (finding,) = found.first()
    assert (finding.code, finding.position, finding.checkpoint, finding.detail) == ("split_view", 20, 3, "second")


@pytest.mark.parametrize("line", [0, 1])
def test_a_line_out_of_its_turn_in_a_witness_is_a_replay(keyring: Keyring, keys: dict[str, Key], line: int) -> None:
    made = chain(keyring, [5, 10, 20])
    _signed, found = judged(stored(made), [kept([*made, made[line]])], keys)
    (finding,) = found.first()
    assert (finding.code, finding.checkpoint) == ("checkpoint_replayed", line + 1)


def test_keys_that_are_not_trusted_make_no_checkpoint(keyring: Keyring) -> None:
    made = chain(keyring, [5, 10])
    signed, found = judged(stored(made), [kept(made)], {})
    assert codes(found) == ["wrong_key"]
    assert found.held["wrong_key"].count == 4
    assert signed.own == signed.witnessed == {}
    assert judge_history(signed, roots(LEAVES[:10]), 10, None, found) == 0


def test_another_root_than_was_signed_is_a_rewritten_history_after_the_last_that_holds(
    keyring: Keyring, keys: dict[str, Key]
) -> None:
    signed, found = judged(stored(chain(keyring, [5, 10, 20], OTHERS)), [kept(chain(keyring, [5, 10, 20]))], keys)
    assert judge_history(signed, roots(OTHERS[:20]), 20, None, found) == 10
    (finding,) = found.first()
    assert (finding.code, finding.position, finding.checkpoint, finding.detail) == ("history_rewritten", 10, 3, "10-20")


def test_checkpoints_later_than_all_that_was_witnessed_are_a_database_set_back(
    keyring: Keyring, keys: dict[str, Key]
) -> None:
    witnessed = chain(keyring, [5, 10, 20])
    later = replace(
        witnessed[2], size=22, root=root(OTHERS[:22]), at=NOW + timedelta(hours=2), previous=witnessed[1].digest()
    ).signed(keyring)
    signed, found = judged(stored([*witnessed[:2], later]), [kept(witnessed)], keys)
    assert judge_history(signed, roots(OTHERS[:22]), 22, None, found) == 10
    assert codes(found) == ["rolled_back"]


def test_an_order_that_is_broken_is_named_where_the_root_differs_and_only_there(
    keyring: Keyring, keys: dict[str, Key]
) -> None:
    made = chain(keyring, [5, 10, 20])
    signed, found = judged(stored(made), [kept(made)], keys)
    judge_history(signed, roots(OTHERS[:20]), 20, 15, found)
    (finding,) = found.first()
    assert (finding.code, finding.position) == ("order_changed", 15)
    signed, found = judged(stored(made), [kept(made)], keys)
    judge_history(signed, roots(LEAVES[:20]), 20, 15, found)
    assert codes(found) == []


@pytest.mark.parametrize(("own", "code"), [(3, "tail_cut"), (2, "restored_backup")])
def test_a_log_that_is_too_short_is_cut_or_old(keyring: Keyring, keys: dict[str, Key], own: int, code: str) -> None:
    made = chain(keyring, [5, 10, 20])
    signed, found = judged(stored(made[:own]), [kept(made)], keys)
    assert judge_history(signed, roots(LEAVES[:10]), 10, None, found) == 10
    (finding,) = found.first()
    assert (finding.code, finding.position) == (code, 10)


def test_stored_leaves_that_hold_vouch_for_the_history_although_an_event_was_changed(
    keyring: Keyring, keys: dict[str, Key]
) -> None:
    made = chain(keyring, [5, 10, 20])
    signed, found = judged(stored(made), [kept(made)], keys)
    assert judge_history(signed, roots(OTHERS[:20], LEAVES[:20]), 20, None, found) == 20
    assert codes(found) == []


def test_a_checkpoint_signed_again_is_a_changed_one(keyring: Keyring, keys: dict[str, Key]) -> None:
    made = chain(keyring, [5, 10])
    again = replace(made[1], at=made[1].at - timedelta(seconds=1)).signed(keyring)
    signed, found = judged(stored([made[0], again]), [kept(made)], keys)
    assert judge_history(signed, roots(LEAVES[:10]), 10, None, found) == 10
    (finding,) = found.first()
    assert (finding.code, finding.checkpoint) == ("checkpoint_changed", 2)


def test_another_log_at_the_witness_is_not_compared(keyring: Keyring, keys: dict[str, Key]) -> None:
    made = chain(keyring, [5, 10])
    strange = [replace(one, origin=ORIGIN[:-1] + "2").signed(keyring) for one in chain(keyring, [7, 30], OTHERS)]
    signed, found = judged(stored(made), [kept(strange)], keys)
    assert judge_history(signed, roots(LEAVES[:10]), 10, None, found) == 0
    (finding,) = found.first()
    assert (finding.code, finding.count) == ("other_log", 2)
