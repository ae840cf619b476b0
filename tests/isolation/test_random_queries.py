"""No query of anybody sees a row outside the policy: the answer is that over one's own rows and no others.

Random SELECTs are written twice, as SQL and as plain Python over rows. Neither knows a policy: that is ``may_see``, a
few lines of Python over rows the test knows, and the oracle.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chengxin.base.context import Acting
from chengxin.testing.making import NOW, make_organisation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import psycopg

    from chengxin.accounts.models import Organisation

    Rows: TypeAlias = Mapping[str, list[dict[str, Any]]]

    class Tenants:
        one: Organisation
        other: Organisation


Row: TypeAlias = "dict[str, Any]"

COLUMNS: dict[str, dict[str, type]] = {
    "intake_batch": {"id": int, "organisation_id": int, "item": str, "filename": str, "bytes": int},
    "intake_quarantinedrow": {"id": int, "batch_id": int, "line": int},
    "intake_timeliness": {"id": int, "batch_id": int, "item": str, "reported": int},
    "records_record": {"id": int, "organisation_id": int, "item": str, "batch_id": int, "document_number": str},
    "accounts_apiclient": {"id": int, "organisation_id": int, "name": str},
}
"""Tables and the columns of them that every end may read, with their types."""

JOINS = [
    ("intake_batch", "id", "intake_quarantinedrow", "batch_id"),
    ("intake_batch", "id", "intake_timeliness", "batch_id"),
    ("intake_batch", "id", "records_record", "batch_id"),
    ("records_record", "batch_id", "intake_quarantinedrow", "batch_id"),
    ("records_record", "item", "intake_batch", "item"),
    ("accounts_apiclient", "organisation_id", "intake_batch", "organisation_id"),
]

TEXTS = ["licence", "penalty", "one.csv", "other.csv", "昆许〔2026〕1号", "one", "other", ""]
PATTERNS = ["%", "o%", "%.csv", "_n%", "%昆%", "lic_nce", ""]
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "<>": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    ">=": lambda a, b: bool(a >= b),
}


def text(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


def like(value: str, pattern: str) -> bool:
    found = "".join(".*" if sign == "%" else "." if sign == "_" else re.escape(sign) for sign in pattern)
    return re.fullmatch(found, value, re.DOTALL) is not None


@dataclass(frozen=True)
class Compare:
    """``alias.column operator value``, or LIKE."""

    column: str
    operator: str
    value: object

    def sql(self, alias: str) -> str:
        return f"{alias}.{self.column} {self.operator} {text(self.value)}"

    def holds(self, row: Row, rows: Rows) -> bool:  # noqa: ARG002 - one shape for all conditions
        held = row[self.column]
        return like(held, str(self.value)) if self.operator == "LIKE" else COMPARISONS[self.operator](held, self.value)


@dataclass(frozen=True)
class Within:
    """``alias.column IN (SELECT other FROM table WHERE …)`` or EXISTS, which asks the same of each row."""

    column: str
    table: str
    other: str
    inner: Condition
    exists: bool

    def sql(self, alias: str) -> str:
        deeper = f"{alias}x"
        if self.exists:
            return (
                f"EXISTS (SELECT 1 FROM {self.table} {deeper} WHERE {deeper}.{self.other} = {alias}.{self.column} "  # noqa: S608
                f"AND {self.inner.sql(deeper)})"
            )
        return (
            f"{alias}.{self.column} IN (SELECT {deeper}.{self.other} FROM {self.table} {deeper} "  # noqa: S608
            f"WHERE {self.inner.sql(deeper)})"
        )

    def holds(self, row: Row, rows: Rows) -> bool:
        return any(one[self.other] == row[self.column] and self.inner.holds(one, rows) for one in rows[self.table])


@dataclass(frozen=True)
class Both:
    """Two conditions with AND or OR between them, or NOT before them."""

    first: Condition
    second: Condition
    word: str
    negated: bool

    def sql(self, alias: str) -> str:
        said = f"({self.first.sql(alias)} {self.word} {self.second.sql(alias)})"
        return f"NOT {said}" if self.negated else said

    def holds(self, row: Row, rows: Rows) -> bool:
        parts = self.first.holds(row, rows), self.second.holds(row, rows)
        return (all(parts) if self.word == "AND" else any(parts)) != self.negated


Condition: TypeAlias = Compare | Within | Both


@dataclass(frozen=True)
class Query:
    """A SELECT: rows, a count with a sum, or groups; over one table or two joined; inner, left or by a CTE."""

    table: str
    where: Condition
    shape: str
    column: str
    join: tuple[str, str, str] | None
    outer: bool

    def sql(self) -> str:
        source = f"{self.table} a"
        if self.join is not None:
            own, table, other = self.join
            source += f" {'LEFT ' if self.outer else ''}JOIN {table} b ON b.{other} = a.{own}"
        condition = f"{source} WHERE {self.where.sql('a')}"
        if self.shape == "rows":
            return f"SELECT a.{self.column}{', b.id' if self.join else ''} FROM {condition}"  # noqa: S608
        if self.shape == "total":
            return f"SELECT count(*), coalesce(sum(a.id), 0)::bigint, max(a.{self.column}) FROM {condition}"  # noqa: S608
        if self.shape == "groups":
            return f"SELECT a.{self.column}, count(*) FROM {condition} GROUP BY a.{self.column}"  # noqa: S608
        if self.shape == "cte":
            return f"WITH kept AS MATERIALIZED (SELECT a.{self.column} AS v FROM {condition}) SELECT v FROM kept"  # noqa: S608
        return f"SELECT DISTINCT a.{self.column} FROM {condition} UNION ALL SELECT a.{self.column} FROM {condition}"  # noqa: S608

    def run(self, rows: Rows) -> list[tuple[Any, ...]]:
        """Return the answer over ``rows``, in no order."""
        found: list[tuple[Row, Row | None]] = []
        for row in rows[self.table]:
            if not self.where.holds(row, rows):
                continue
            if self.join is None:
                found.append((row, None))
                continue
            own, table, other = self.join
            partners: list[Row | None] = [one for one in rows[table] if one[other] == row[own]]
            found += [(row, one) for one in partners or ([None] if self.outer else [])]
        values = [row[self.column] for row, _ in found]
        if self.shape == "rows":
            return [(row[self.column], *([one and one["id"]] if self.join else [])) for row, one in found]
        if self.shape == "total":
            # The database compares text by code point here (C.UTF-8), as Python does.
            return [(len(found), sum(row["id"] for row, _ in found), max(values, default=None))]
        if self.shape == "groups":
            return [(value, values.count(value)) for value in set(values)]
        if self.shape == "cte":
            return [(value,) for value in values]
        return [(value,) for value in [*set(values), *values]]


@st.composite
def conditions(draw: st.DrawFn, table: str, depth: int = 2) -> Condition:
    """Draw a condition on a row of ``table``."""
    kind = draw(st.sampled_from(["compare", "compare", "like", *(["within", "both"] if depth else [])]))
    columns = COLUMNS[table]
    if kind == "within":
        own, other_table, other = draw(st.sampled_from([one[1:] for one in joins_both_ways() if one[0] == table]))
        return Within(own, other_table, other, draw(conditions(other_table, depth - 1)), draw(st.booleans()))
    if kind == "both":
        parts = draw(conditions(table, depth - 1)), draw(conditions(table, depth - 1))
        return Both(*parts, draw(st.sampled_from(["AND", "OR"])), draw(st.booleans()))
    texts = [name for name, held in columns.items() if held is str]
    if kind == "like" and texts:
        return Compare(draw(st.sampled_from(texts)), "LIKE", draw(st.sampled_from(PATTERNS)))
    column = draw(st.sampled_from(sorted(columns)))
    value = draw(st.sampled_from(TEXTS) if columns[column] is str else st.integers(0, 6) | st.integers(99, 104))
    return Compare(column, draw(st.sampled_from(sorted(COMPARISONS))), value)


def joins_both_ways() -> Iterable[tuple[str, str, str, str]]:
    """Return (table, its column, other table, its column) of every pair that can be joined, from either side."""
    return [*JOINS, *((table, column, first, own) for first, own, table, column in JOINS)]


@st.composite
def queries(draw: st.DrawFn) -> Query:
    """Draw a query."""
    table = draw(st.sampled_from(sorted(COLUMNS)))
    possible = [None, *(one[1:] for one in joins_both_ways() if one[0] == table)]
    return Query(
        table=table,
        where=draw(conditions(table)),
        shape=draw(st.sampled_from(["rows", "total", "groups", "cte", "union"])),
        column=draw(st.sampled_from(sorted(COLUMNS[table]))),
        join=draw(st.sampled_from(possible)),
        outer=draw(st.booleans()),
    )


@dataclass(frozen=True)
class Asker:
    """Somebody at an end: who, for the organisation of this place in the list (None: for none), everywhere or not."""

    end: str
    kind: str
    organisation: int | None
    everywhere: bool


ASKERS = st.builds(
    Asker,
    end=st.sampled_from(["office", "api"]),
    kind=st.sampled_from(["officer", "client", "arrival", ""]),
    organisation=st.sampled_from([0, 1, 2, None]),
    everywhere=st.sampled_from([False, False, True]),
)


def may_see(asker: Asker, own: int | None, table: str, row: dict[str, Any]) -> bool:
    """Say whether ``asker``, for the organisation numbered ``own``, sees a row that belongs to ``row['owner']``."""
    if table == "records_record" and asker.end == "api":
        return asker.kind in {"officer", "client"}
    if table == "accounts_apiclient" and asker.end == "api" and asker.kind == "arrival":
        return True
    return asker.everywhere or row["owner"] == own


def all_rows(owner: psycopg.Connection) -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table, with its organisation as ``owner``."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for table, columns in COLUMNS.items():
        found = owner.execute(f"SELECT {', '.join(columns)} FROM {table}".encode()).fetchall()  # noqa: S608
        rows[table] = [dict(zip(columns, values, strict=True)) for values in found]
    owner_of = {row["id"]: row["organisation_id"] for row in rows["intake_batch"]}
    for held in rows.values():
        for row in held:
            row["owner"] = row["organisation_id"] if "organisation_id" in row else owner_of[row["batch_id"]]
    return rows


def test_no_query_of_anybody_sees_a_row_outside_the_policy(
    tenants: Tenants, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    from chengxin.accounts.models import ApiClient  # noqa: PLC0415 - Django is set up by the fixtures

    third = make_organisation("third")
    for number, organisation in enumerate([tenants.one, tenants.other, tenants.other]):
        ApiClient.objects.create(
            name=organisation.code,
            organisation=organisation,
            token_digest=str(number),
            made_at=NOW,
            expires_at=NOW + timedelta(days=1),
        )
    organisations = [tenants.one.pk, tenants.other.pk, third.pk]
    sessions = {end: connect_as(end) for end in ("office", "api")}
    rows = all_rows(connect_as("owner"))
    assert all(rows.values()), "every table has rows to be hidden"
    answered = Counter[str]()
    total = Query("intake_batch", Compare("id", ">=", 0), "total", "filename", None, outer=False)
    known = Asker("office", "officer", 0, everywhere=False), total

    @given(ASKERS, queries())
    @example(known[0], known[1])
    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def ask(asker: Asker, query: Any) -> None:
        own = None if asker.organisation is None else organisations[asker.organisation]
        visible = {table: [row for row in held if may_see(asker, own, table, row)] for table, held in rows.items()}
        session = sessions[asker.end]
        with session.transaction():
            session.execute(Acting(asker.kind, "zhang", own, asker.everywhere).statement.encode())
            found = session.execute(query.sql().encode()).fetchall()
        assert Counter(found) == Counter(query.run(visible)), query.sql()
        everything = Counter(query.run(rows))
        answered["hidden" if everything != Counter(found) else "same"] += 1

    ask()
    assert answered["hidden"] >= 40, f"too few of the queries had anything to hide: {answered}"
    connect_as("owner").execute("ALTER POLICY own ON intake_batch USING (true)")
    with pytest.raises(AssertionError, match="SELECT count"):
        ask.hypothesis.inner_test(*known)  # type: ignore[attr-defined]
