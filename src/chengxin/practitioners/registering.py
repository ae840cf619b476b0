"""Ties entries to persons by their numbers and puts practitioners into the register, in the caller's transaction."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from chengxin.practitioners.models import Person, Practitioner, SealedText
from chengxin.practitioners.receipt import ReturnedRow
from chengxin.practitioners.sealed import NUMBER, had_name, persons_of, seal_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from chengxin.accounts.models import Organisation
    from chengxin.crypto import Keyring
    from chengxin.practitioners.rows import Entry

FACTS = ("employer_uscc", "state", "valid_from", "valid_until")
"""What a registrar's later file may change; a name changes by an act of its own."""


class Registering:
    """One file on its way into the register; counts what became of its entries.

    The same number is one person, another number another, whatever the names say. One answer, ``not_registrable``,
    stands for everything that would tell a registrar about what others registered: a licence number somebody else
    bears, a person who died, a name the person no longer has.
    """

    def __init__(self, keyring: Keyring, organisation: Organisation, occupation: str, now: datetime) -> None:
        self._keyring = keyring
        self._organisation = organisation
        self._occupation = occupation
        self._now = now
        self._seen: dict[str, Entry] = {}
        self.added = self.changed = self.same = 0

    def take(self, entries: Sequence[Entry]) -> list[ReturnedRow]:
        """Register these entries and return those that go back."""
        persons = persons_of(self._keyring, (one.number for one in entries))
        closed = set(
            Person.objects.filter(id__in=persons.values(), closed_on__isnull=False).values_list("id", flat=True)
        )
        licences = {one.licence for one in entries}
        held = {
            one.licence: one
            for one in Practitioner.objects.filter(occupation=self._occupation, licence__in=licences)
        }  # fmt: skip
        made: list[Practitioner] = []
        changed: list[Practitioner] = []
        new_persons: list[Person] = []
        sealed: list[SealedText] = []
        returned: list[ReturnedRow] = []
        for entry in entries:
            person_id = persons.get(entry.number)
            reason = self._reason(entry, person_id, held.get(entry.licence), closed)
            if reason:
                returned.append(ReturnedRow(entry.line, _column(reason), reason))
                continue
            self._seen[entry.licence] = entry
            if person_id is None:
                person = Person(id=uuid.uuid4(), made_at=self._now)
                person_id = persons[entry.number] = person.id
                new_persons.append(person)
                sealed.append(seal_text(self._keyring, NUMBER, entry.number, person_id, self._now, current=True))
            there = held.get(entry.licence)
            if there is None:
                held[entry.licence] = there = self._make(entry, person_id)
                made.append(there)
                self.added += 1
            elif self._change(there, entry):
                changed.append(there)
                self.changed += 1
            else:
                self.same += 1
        Person.objects.bulk_create(new_persons)
        SealedText.objects.bulk_create(sealed)
        Practitioner.objects.bulk_create(made)
        Practitioner.objects.bulk_update(changed, [*FACTS, "version", "changed_at"])
        return returned

    def _reason(
        self, entry: Entry, person_id: uuid.UUID | None, there: Practitioner | None, closed: set[uuid.UUID]
    ) -> str:
        """Return why the entry goes back, or nothing."""
        before = self._seen.get(entry.licence)
        if before is not None:
            return "" if _content(before) == _content(entry) else "twice"
        if person_id in closed or (there is not None and self._is_anothers(there, person_id)):
            return "not_registrable"
        if there is not None and there.name_key != entry.name_key:
            return "name_differs"
        if there is None and person_id is not None and had_name(self._keyring, person_id, entry.name_key):
            return "not_registrable"
        return ""

    def _is_anothers(self, there: Practitioner, person_id: uuid.UUID | None) -> bool:
        return there.person_id != person_id or there.organisation_id != self._organisation.pk

    def _make(self, entry: Entry, person_id: uuid.UUID) -> Practitioner:
        return Practitioner(
            id=uuid.uuid4(),
            person_id=person_id,
            organisation=self._organisation,
            occupation=self._occupation,
            licence=entry.licence,
            name=entry.name,
            name_key=entry.name_key,
            version=1,
            made_at=self._now,
            changed_at=self._now,
            **{fact: getattr(entry, fact) for fact in FACTS},
        )

    def _change(self, there: Practitioner, entry: Entry) -> bool:
        """Bring ``there`` up to the entry; return whether anything was different."""
        if all(getattr(there, fact) == getattr(entry, fact) for fact in FACTS):
            return False
        for fact in FACTS:
            setattr(there, fact, getattr(entry, fact))
        there.version += 1
        there.changed_at = self._now
        return True


def _content(entry: Entry) -> tuple[object, ...]:
    return (entry.number, entry.name_key, *(getattr(entry, fact) for fact in FACTS))


def _column(reason: str) -> str:
    return {"twice": "licence", "name_differs": "name"}.get(reason, "")
