"""Hand a row in again with the code of the body that a person found it to be about."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction

from chengxin.accounts.actor import REVIEW_LINKS, SUBMIT, Actor
from chengxin.base.errors import NotFound
from chengxin.catalogue import load_catalogue
from chengxin.intake.actions.import_batch import REVIEW, BatchRefused, ImportBatch
from chengxin.intake.actions.receive import ReceiveFile
from chengxin.intake.linking import KINDS
from chengxin.intake.models import Batch, QuarantinedRow
from chengxin.intake.returned import EXTRA_COLUMNS
from chengxin.intake.review.gather import header_match
from chengxin.kernel.identifiers import normalise
from chengxin.records.actions.add import hold_item
from chengxin.records.actions.apply_link import keep_effect, tie
from chengxin.records.models import LinkDecision, LinkEffect, Record
from chengxin.subjects.actions.register import hold_register
from chengxin.subjects.history import survivor
from chengxin.subjects.models import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from chengxin.catalogue import HeaderMatch

DECISION_COLUMN = "自留_关联决定"
"""Column with the decision's number: the file says why it exists, and no two decisions make the same file."""


@dataclass(frozen=True)
class HandInRow:
    """Make a fact of a row sent back: a file of that one row with the body's code filled in, by the ordinary way in.

    Every check runs as for any file; a row that fails another one is sent back again, and that is the decision's
    effect. The batch belongs to the department the row came from, submitted on its behalf by the officer who decided.
    A second run changes nothing. Raises ``NotFound`` for a decision that is not there.
    """

    decision_id: int
    clock: Callable[[], datetime]

    def execute(self) -> LinkEffect:
        """Import the row and keep what came of it."""
        decision = LinkDecision.objects.filter(pk=self.decision_id, outcome="link", fact_key__isnull=True).first()
        if decision is None:
            raise NotFound(
                "unknown_decision",
                f"没有编号为 {self.decision_id} 的关联决定",
                f"there is no decision {self.decision_id}",
            )
        done = LinkEffect.objects.filter(decision=decision).first()
        if done is not None:
            return done
        row = QuarantinedRow.objects.filter(batch_id=decision.batch_id, line=decision.line).first()
        if row is None:
            with transaction.atomic():
                told = "退回的行已不在库中，没有关联", "the row sent back is gone; nothing was handed in"
                return keep_effect(decision, self.clock(), "gone", *told)
        return self._bring_in(decision, row)

    def _bring_in(self, decision: LinkDecision, row: QuarantinedRow) -> LinkEffect:
        origin = Batch.objects.select_related("organisation").get(pk=row.batch_id)
        match = header_match(origin)
        codes = _codes(survivor(int(decision.subject_id or 0)))
        if match is None or not codes:
            with transaction.atomic():
                told = "该主体没有可以填入的代码，没有关联", "the body has no code to fill in; nothing was handed in"
                return keep_effect(decision, self.clock(), "refused", *told)
        received = ReceiveFile(
            actor=Actor(
                decision.actor_kind,
                decision.officer,
                decision.organisation,
                frozenset({SUBMIT, REVIEW_LINKS}),
                everywhere=True,
            ),
            organisation=origin.organisation.code,
            item=origin.item,
            filename=f"关联决定-{decision.pk}.csv",
            content=io.BytesIO(one_row_file(origin, match, row.cells, codes, decision.pk)),
            channel=REVIEW,
            now=self.clock(),
            encoding="utf-8",
            mapping=origin.mapping,
        ).execute()
        try:
            ImportBatch(received.batch_id, self.clock).execute()
        except BatchRefused as refusal:
            with transaction.atomic():
                return keep_effect(
                    decision, self.clock(), "refused", refusal.message_zh, refusal.message_en,
                    batch_id=received.batch_id,
                )  # fmt: skip
        return self._conclude(decision, received.batch_id)

    def _conclude(self, decision: LinkDecision, batch_id: int) -> LinkEffect:
        """Keep what the import made of the row."""
        now = self.clock()
        with transaction.atomic():
            hold_register()
            hold_item(decision.item)
            made = _made(decision, batch_id)
            sent_back = QuarantinedRow.objects.filter(batch_id=batch_id).first()
            if made is not None:
                tied = made.subject_id == survivor(int(decision.subject_id or 0))
                outcome = "imported" if tied else "imported_untied"
                told = (
                    ("", "") if tied else ("已入库，但没有关联到所选主体", "taken in, but not tied to the body chosen")
                )
                return keep_effect(decision, now, outcome, *told, record_id=made.pk, batch_id=batch_id)
            if sent_back is not None:
                messages = "；".join(sorted({one["message"] for one in sent_back.findings}))
                told = f"填入代码后仍未通过校验：{messages}", "the row still fails a check"
                return keep_effect(decision, now, "sent_back", *told, batch_id=batch_id)
            earlier = _earlier_fact(decision)
            if earlier is None:
                told = "报送单位已另行报送同一记录，没有重复入库", "its department handed the same fact in meanwhile"
                return keep_effect(decision, now, "there_already", *told, batch_id=batch_id)
            return tie(decision, earlier, now, batch_id=batch_id)


def one_row_file(
    origin: Batch, match: HeaderMatch, cells: Sequence[str], codes: Mapping[str, str], decision_id: int
) -> bytes:
    """Return a CSV (UTF-8) of the row with the body's code in its place and every other code that is not its own empty.

    The columns are the department's own, those that a file of rows sent back had added aside; one for the code is added
    where there was none.
    """
    item = load_catalogue().item(origin.item)
    header, row = list(origin.header or []), list(cells)
    for kind in KINDS:
        place = match.columns.get(kind)
        if place is not None and normalise(row[place]) != codes.get(kind, ""):
            row[place] = ""
    kind = next(one for one in KINDS if one in codes)
    place = match.columns.get(kind)
    if place is None:
        names = match.mapping.columns.items() if match.mapping else ()
        own = next((name for name, key in names if key == kind), None)
        header.append(own or item.field(kind).names_in(match.generation)[0])
        row.append(codes[kind])
    else:
        row[place] = codes[kind]
    kept = [place for place, name in enumerate(header) if name not in EXTRA_COLUMNS]
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow([*(header[place] for place in kept), DECISION_COLUMN])
    writer.writerow([*(row[place] for place in kept), str(decision_id)])
    return text.getvalue().encode("utf-8-sig")


def _codes(subject_id: int) -> dict[str, str]:
    """Return the codes by which the body alone is known, one of each kind, in the order in which they speak."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT i.kind, min(i.value) FROM subjects_identifier i WHERE i.subject_id = %s AND i.kind = ANY(%s)
                AND NOT EXISTS (SELECT 1 FROM subjects_identifier o
                    WHERE o.kind = i.kind AND o.value = i.value AND o.subject_id <> i.subject_id)
            GROUP BY i.kind""",
            [subject_id, list(KINDS)],
        )
        found: dict[str, str] = dict(cursor.fetchall())
    own = Subject.objects.filter(pk=subject_id).values_list("uscc", flat=True).first()
    if own and "uscc" in found:
        found["uscc"] = own  # a body whose code was re-issued bears the old one too
    return {kind: found[kind] for kind in KINDS if kind in found}


def _made(decision: LinkDecision, batch_id: int) -> Record | None:
    """Return the version that the batch made: among the body's facts, else among those tied to nobody."""
    subject_id = survivor(int(decision.subject_id or 0))
    filed = [f"{kind}:{value}" for kind, value in _codes(subject_id).items()]
    own = Record.objects.filter(subject_id=subject_id, item=decision.item, batch_id=batch_id)
    nobodys = Record.objects.filter(subject_id__isnull=True, identifier__in=filed, batch_id=batch_id)
    return own.order_by("-pk").first() or nobodys.order_by("-pk").first()


def _earlier_fact(decision: LinkDecision) -> Record | None:
    """Return the latest version of the fact that an earlier decision about the same row made."""
    effects = LinkEffect.objects.filter(decision__proposal=decision.proposal_id, record_id__isnull=False)
    own = LinkDecision.objects.filter(proposal=decision.proposal_id, subject_id=decision.subject_id)
    effects = effects.filter(decision__in=own)
    made = Record.objects.filter(pk__in=effects.values("record_id")).first()
    return Record.objects.filter(key=made.key).order_by("-version").first() if made else None
