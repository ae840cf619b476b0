"""Count what the gate judges: in the staged batch, and in what the department had accepted before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chengxin.base.bulk import one_row
from chengxin.intake.gate import Measures, Usual, usual
from chengxin.intake.models import Batch
from chengxin.intake.returned import EXTRA_COLUMNS
from chengxin.kernel.masking import mask_persons
from chengxin.subjects.models import Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from chengxin.catalogue import HeaderMatch, Item
    from chengxin.intake.gate import Thresholds

RULES_KEPT = 8
"""Rules a held batch names, those that most rows fail: the rows themselves are not kept before the decision."""


def measure(
    duck: duckdb.DuckDBPyConnection,
    item: Item,
    match: HeaderMatch,
    header: Sequence[str],
    important: Sequence[str],
    *,
    linked: bool,
) -> Measures:
    """Count a batch that was checked and, with ``linked``, tied (table ``linked``)."""
    known = {field.key for field in item.fields_in(match.generation)}
    asked = [key for key in important if key in known]
    columns = "".join(f", count(*) FILTER (WHERE {key} <> '')" for key in asked)
    lines, *filled = one_row(duck, f"SELECT count(*){columns} FROM cleaned")
    sent_back = one_row(duck, "SELECT count(DISTINCT row_number) FROM finding")[0]
    tied = None
    if linked and Subject.objects.exists():
        tied = int(one_row(duck, "SELECT count(*) FILTER (WHERE subject_id IS NOT NULL) FROM linked")[0])
    counts = {key: int(count) for key, count in zip(asked, filled, strict=True)}
    return Measures(int(lines), int(sent_back), tied, counts, correction=EXTRA_COLUMNS[0] in header)


def usual_of(batch: Batch, channel_apart: str, limits: Thresholds) -> Usual:
    """Return what is usual for the batch's organisation and item; batches of ``channel_apart`` do not count."""
    accepted = (
        Batch.objects.filter(organisation_id=batch.organisation_id, item=batch.item, state=Batch.State.PUBLISHED)
        .exclude(pk=batch.pk)
        .exclude(channel=channel_apart)
        .exclude(receipt=None)
        .order_by("-pk")
        # Among the last ones can be corrections, which do not count.
        .values_list("lines", "measures")[: 3 * limits.batches_most]
    )
    return usual([{"lines": lines or 0, **(measures or {})} for lines, measures in accepted], limits)


def failing(duck: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return the rules that most rows fail, as rule, field, message and rows; no value of any row."""
    found = duck.execute(
        f"""SELECT rule, field, message, count(DISTINCT row_number) FROM finding GROUP BY ALL ORDER BY 4 DESC, 2, 3, 1
        LIMIT {RULES_KEPT}"""
    ).fetchall()
    return [
        {"rule": rule, "field": field, "message": mask_persons(message), "rows": int(rows)}
        for rule, field, message, rows in found
    ]
