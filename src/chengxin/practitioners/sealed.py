"""Identity numbers and former names: sealed row by row, found by blind index, never by their text.

What goes to the database is ciphertext and a keyed digest, so no statement, log or memory of the server has ever had a
number. Keys are in files outside the database (``chengxin.crypto``).
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from chengxin.crypto import context_of
from chengxin.practitioners.models import SealedText

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from chengxin.crypto import Keyring

SEAL = "sealed-number"
INDEX = "blind-index"

NUMBER = SealedText.Kind.NUMBER
FORMER_NAME = SealedText.Kind.FORMER_NAME


def context(row_id: uuid.UUID, person_id: uuid.UUID) -> bytes:
    """Return what a sealed text is bound to: table, column, row and person. The key's name is bound by the seal."""
    return context_of("practitioners_sealedtext", "sealed", str(row_id), str(person_id))


def indexed(kind: str, text: str, person_id: uuid.UUID) -> str:
    """Return the value whose blind index is kept: a number is anybody's, a former name one person's."""
    return f"number:{text}" if kind == NUMBER else f"name:{person_id}:{text}"


def seal_text(
    keyring: Keyring, kind: str, text: str, person_id: uuid.UUID, now: datetime, *, current: bool = False
) -> SealedText:
    """Return a new row, not saved, that holds ``text`` for ``person_id``."""
    row_id = uuid.uuid4()
    return SealedText(
        id=row_id,
        person_id=person_id,
        kind=kind,
        sealed=keyring.seal(SEAL, text.encode("utf-8"), context(row_id, person_id)),
        blind=keyring.blind(INDEX, indexed(kind, text, person_id)),
        current=current,
        made_at=now,
    )


def open_text(keyring: Keyring, row: SealedText) -> str:
    """Return what a row holds, for a rotation only; raise ``WrongSeal`` where the row is not what was sealed."""
    return keyring.open(SEAL, bytes(row.sealed), context(row.id, row.person_id)).decode("utf-8")


def persons_of(keyring: Keyring, numbers: Iterable[str]) -> dict[str, uuid.UUID]:
    """Return the persons who bear or bore these numbers, by number; a number that is nobody's is left out.

    A rotation may make a key between the computing of the digests and the query: then what was not found is asked for
    again, until no key came in between.
    """
    asked = list(dict.fromkeys(numbers))
    return _found_by(lambda one: keyring.blinds(INDEX, indexed(NUMBER, one, uuid.UUID(int=0))), asked)


def had_name(keyring: Keyring, person_id: uuid.UUID, name_key: str) -> bool:
    """Return whether the person once bore this name and bears it no more."""
    return bool(_found_by(lambda one: keyring.blinds(INDEX, indexed(FORMER_NAME, one, person_id)), [name_key]))


def forget_name(keyring: Keyring, person_id: uuid.UUID, name_key: str) -> None:
    """Let a former name be former no more: the person bears it again."""
    blinds = keyring.blinds(INDEX, indexed(FORMER_NAME, name_key, person_id))
    SealedText.objects.filter(person_id=person_id, kind=FORMER_NAME, blind__in=blinds).delete()


def _found_by(digests: Callable[[str], tuple[bytes, ...]], values: list[str]) -> dict[str, uuid.UUID]:
    found: dict[str, uuid.UUID] = {}
    left = values
    while left:
        blinds = {one: digests(one) for one in left}
        found |= _query(blinds)
        left = [one for one in left if one not in found and digests(one) != blinds[one]]
    return found


def _query(blinds: Mapping[str, tuple[bytes, ...]]) -> dict[str, uuid.UUID]:
    owner = {blind: value for value, several in blinds.items() for blind in several}
    rows = SealedText.objects.filter(blind__in=list(owner)).values_list("blind", "person_id")
    return {owner[bytes(blind)]: person for blind, person in rows}
