"""Nothing that is stored or answered is a number, mark or place by which a person or body could be ranked (I9)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection

from chengxin.testing.ends import settings_of

RANKING = re.compile(r"score|rank|grade|stars?$|percentile|rating|points$|trust|credit_level|negatives?$")

OF_A_PAIR = {"records_linkdecision.score"}
"""How alike a row and a body are, seen by the officer who decides whether they are one; nobody's worth."""


def names(schema: Any) -> set[str]:
    """Return the names of all properties below a JSON schema."""
    if isinstance(schema, list):
        return {name for one in schema for name in names(one)}
    if not isinstance(schema, dict):
        return set()
    own = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()
    return own | {name for one in schema.values() for name in names(one)}


def test_no_answer_of_the_api_has_a_field_that_ranks() -> None:
    with settings_of("api"):
        from chengxin.ends.api.api import api  # noqa: PLC0415 - readable only with the end's own settings

        found = names(api.get_openapi_schema())
    assert {"facts", "uscc", "document_number"} <= found
    assert [name for name in sorted(found) if RANKING.search(name)] == []


@pytest.mark.django_db
def test_no_column_ranks() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT table_name || '.' || column_name FROM information_schema.columns
            WHERE table_schema IN ('core', 'publication')"""
        )
        columns = {row[0] for row in cursor.fetchall()}
    assert "subjects_subject.uscc" in columns
    ranking = {one for one in columns if RANKING.search(one.partition(".")[2])}
    assert ranking == OF_A_PAIR


def test_the_words_are_found() -> None:
    assert names({"properties": {"a": {"items": {"properties": {"credit_score": {}}}}}}) == {"a", "credit_score"}
    for name in ("credit_score", "rank", "trust_grade", "stars", "negatives"):
        assert RANKING.search(name)
    assert not RANKING.search("started_at")
