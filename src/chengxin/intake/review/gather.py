"""Gather what a batch left tied to nobody: facts whose code names no body, and rows whose only fault is their code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import connection

from chengxin.catalogue import HeaderNotRecognised, load_catalogue, load_shipped_mapping, recognise_header
from chengxin.intake.linking import FILED, KINDS
from chengxin.intake.models import Batch
from chengxin.kernel.identifiers import normalise
from chengxin.kernel.masking import mask_persons
from chengxin.kernel.names import parse_name
from chengxin.kernel.text import clean_text
from chengxin.records.review import Draft, propose
from chengxin.records.review_settings import review_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from chengxin.catalogue import HeaderMatch, Item

_FACTS = """
SELECT r.id, r.key, r.batch_id, r.line, r.item, r.organisation_id, r.identifier, r.content,
    (SELECT count(*) FROM subjects_identifier i WHERE i.kind = split_part(r.identifier, ':', 1)
        AND i.value = substr(r.identifier, strpos(r.identifier, ':') + 1)) AS bodies
FROM records_record r
WHERE r.subject_id IS NULL AND r.kind IN ('new', 'corrected') AND r.identifier <> ''
    AND (%(batch)s::bigint IS NULL OR r.batch_id = %(batch)s)
    AND NOT EXISTS (SELECT 1 FROM records_record l WHERE l.key = r.key AND l.version > r.version)
    AND (%(batch)s::bigint IS NOT NULL
        OR NOT EXISTS (SELECT 1 FROM records_linkproposal p WHERE p.fact_key = r.key))
ORDER BY r.id
"""

_ROWS = """
SELECT q.batch_id, q.line, q.cells, q.findings FROM intake_quarantinedrow q
WHERE (%(batch)s::bigint IS NULL OR q.batch_id = %(batch)s)
    AND NOT EXISTS (SELECT 1 FROM jsonb_array_elements(q.findings) AS f (one)
        WHERE f.one ->> 'rule' <> ALL(%(rules)s::text[]))
    AND NOT EXISTS (SELECT 1 FROM records_linkproposal p
        WHERE p.fact_key IS NULL AND p.batch_id = q.batch_id AND p.line = q.line)
ORDER BY q.batch_id, q.line
"""

_CAUSES = (
    ("identifiers_disagree", "codes_disagree"),
    ("identity_missing", "code_missing"),
)
"""What a finding's rule means for a proposal, the graver first; anything else is a code that cannot be used."""


def propose_links(batch_id: int | None, now: datetime) -> int:
    """Propose bodies for what one batch, or (None) every batch so far, left tied to nobody; return how many are new.

    Registrations are no part of it: a register entry without its code goes back to the registrar. Rows about natural
    persons hold no cells any more, and a name that may be a natural person's is left alone.
    """
    batches = {one.pk: one for one in _batches(batch_id)}
    drafts = [*_facts(batch_id, batches), *_rows(batch_id, batches)]
    return propose(drafts, now)


def shown_row(item: Item, values: Mapping[str, str]) -> dict[str, str]:
    """Return what an officer sees of a row or fact: name, codes, document, day, issuer, subject matter, address.

    Nothing about persons: representatives and their numbers stay out, and what looks like a person's number in a text
    is masked. An address is shown of bodies only, never of an individual business, whose address is a home.
    """
    roles = item.roles
    keys = ["subject_name", "subject_category", *FILED, roles.title, roles.title_otherwise, roles.document_number]
    keys += [roles.decided_on, roles.issuer_name]
    if values.get("subject_category") != "个体工商户":
        keys.append("address")
    kept = {key: mask_persons(clean_text(values.get(key, ""))) for key in keys if key}
    return {key: text for key, text in kept.items() if text}


def may_be_a_person(name: str) -> bool:
    """Tell whether a name without any code may be a natural person's: short, without a place and a legal form."""
    parsed = parse_name(name)
    short = len(parsed.folded) <= review_settings().person_name_longest
    return short and not parsed.form and not parsed.region


def header_match(batch: Batch) -> HeaderMatch | None:
    """Return what the batch's header means; None for a header that the catalogue reads no more."""
    mapping = load_shipped_mapping(batch.mapping) if batch.mapping else None
    try:
        return recognise_header(load_catalogue().item(batch.item), batch.header or [], mapping=mapping)
    except HeaderNotRecognised:
        return None


def _batches(batch_id: int | None) -> Iterable[Batch]:
    found = Batch.objects.exclude(item="registration").filter(receipt__isnull=False)
    return found if batch_id is None else found.filter(pk=batch_id)


def _facts(batch_id: int | None, batches: Mapping[int, Batch]) -> Iterator[Draft]:
    for number, key, batch, line, item, organisation, identifier, content, bodies in _select(_FACTS, batch_id):
        if batch in batches:
            yield Draft(
                fact_key=str(key),
                record_id=number,
                batch_id=batch,
                line=line,
                item=item,
                organisation_id=organisation,
                submitted_by=batches[batch].submitted_by,
                cause="code_at_two_bodies" if bodies > 1 else "code_unknown",
                identifier=identifier,
                row=shown_row(load_catalogue().item(item), json.loads(content)),
            )


def _rows(batch_id: int | None, batches: Mapping[int, Batch]) -> Iterator[Draft]:
    matches: dict[int, HeaderMatch | None] = {}
    for number, line, cells, findings in _select(_ROWS, batch_id):
        batch = batches.get(number)
        if batch is None:
            continue
        if number not in matches:
            matches[number] = header_match(batch)
        match = matches[number]
        if match is None:
            continue
        held: list[str] = json.loads(cells)
        row = shown_row(load_catalogue().item(batch.item), {key: held[place] for key, place in match.columns.items()})
        if not row.get("subject_name") or may_be_a_person(row["subject_name"]):
            continue
        rules = {one["rule"] for one in json.loads(findings)}
        yield Draft(
            fact_key=None,
            record_id=None,
            batch_id=number,
            line=line,
            item=batch.item,
            organisation_id=batch.organisation_id,
            submitted_by=batch.submitted_by,
            cause=next((cause for rule, cause in _CAUSES if rule in rules), "code_unusable"),
            identifier=_filed(row),
            row=row,
        )


def _filed(row: Mapping[str, str]) -> str:
    """Return the first code of a row as ``kind:value``: what a decision about it is remembered by."""
    return next((f"{kind}:{normalise(row[kind])}" for kind in KINDS if row.get(kind)), "")


def _select(statement: str, batch_id: int | None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"batch": batch_id, "rules": list(review_settings().row_rules)})
        return list(cursor.fetchall())
