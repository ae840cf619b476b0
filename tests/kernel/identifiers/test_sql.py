"""The SQL expressions say in DuckDB what the value types say in Python."""

import string
import time
from collections.abc import Callable

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.kernel.identifiers import (
    RegistrationNumber,
    Uscc,
    Verdict,
    looks_like_resident_id,
    make_uscc,
    normalise,
    registration_number_check_digit,
    resident_id_check_character,
)
from chengxin.kernel.identifiers.bulk import make_usccs
from chengxin.kernel.identifiers.checks import USCC_ALPHABET, USCC_SHAPE
from chengxin.kernel.identifiers.folding import REMOVED, REPLACED
from chengxin.kernel.identifiers.sql import (
    registration_number_ok_sql,
    resident_id_shape_sql,
    uscc_normalise_sql,
    uscc_verdict_sql,
)

EXPRESSIONS: list[Callable[[str], str]] = [
    uscc_normalise_sql,
    uscc_verdict_sql,
    registration_number_ok_sql,
    resident_id_shape_sql,
]

dirty = st.text(string.ascii_letters + string.digits + "０９ＡｈＩ -—\u200b\u3000\n٣éßı𝟗+.'\"\\]", max_size=21)
shaped = st.from_regex(USCC_SHAPE, fullmatch=True)
built = st.builds(
    lambda head, region, body: make_uscc(head[0], head[1], region, body),
    st.text(USCC_ALPHABET, min_size=2, max_size=2),
    st.text(string.digits, min_size=6, max_size=6),
    st.text(USCC_ALPHABET, min_size=8, max_size=8),
)
homes = st.sampled_from(["110105", "320583", "362322", "810000", "830000", "911156", "932682", "200105", "990583"])
dates = st.dates().map("{:%Y%m%d}".format) | st.sampled_from(
    ["19900230", "20000229", "19000229", "21000101", "18991231"]
)
person17 = st.builds("{}{:0>8}{:03}".format, homes, dates, st.integers(0, 999))
persons = person17.map(lambda first17: first17 + resident_id_check_character(first17))
old_persons = st.builds("{}{}{:03}".format, homes, dates.map(lambda day: day[-6:]), st.integers(0, 999))
registrations = st.text(string.digits, min_size=14, max_size=14).map(
    lambda body: body + registration_number_check_digit(body)
)
any_code = (
    dirty
    | shaped
    | built
    | persons
    | old_persons
    | registrations
    | person17.map(lambda first17: first17 + "1")
    | (built | persons | registrations).map(lambda code: f"\t{code.lower()} ")
    | (built | persons).map(lambda code: code.translate({ord("1"): "１", ord("X"): "ｘ"}))
)


def _evaluate_all(expressions: list[str], codes: list[str | None]) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(
            f"SELECT {', '.join(expressions)} FROM "  # noqa: S608 - the expressions are what is tested
            '(SELECT unnest($1::VARCHAR[]) AS "统一 码", unnest(range(len($1))) AS n) ORDER BY n',
            [codes],
        ).fetchall()


def _evaluate(expression: str, codes: list[str | None]) -> list[object]:
    return [row[0] for row in _evaluate_all([expression], codes)]


def _in_python(code: str) -> tuple[object, ...]:
    clean = normalise(code)
    verdict = str(Uscc.parse(code).verdict) if clean else ""
    registered = RegistrationNumber.parse(code).verdict is Verdict.VALID
    return clean, verdict, registered, looks_like_resident_id(clean)


@given(st.lists(any_code, min_size=1, max_size=100))
@settings(max_examples=60, deadline=None)
def test_sql_says_what_python_says(codes: list[str]) -> None:
    in_sql = _evaluate_all([expression("统一 码") for expression in EXPRESSIONS], [*codes])
    assert in_sql == [_in_python(code) for code in codes]


def test_every_character_that_folds_in_python_folds_in_sql() -> None:
    codes: list[str | None] = [f"9{chr(code)}1" for code in (*REPLACED, *sorted(REMOVED))]
    assert _evaluate(uscc_normalise_sql("统一 码"), codes) == [normalise(code or "") for code in codes]


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("91320583187588026H", "valid"),
        ("９１３２０５８３-1875 88026h", "valid"),
        ("9132058322470981X0", "valid"),
        ("9132058329141777XX", "valid"),
        ("91320583110704340J", "valid"),
        ("91350211M00013FA1N", "suspect"),
        ("91350203M0001QKT19", "suspect"),
        ("000000000000000000", "suspect"),
        ("362322198709086409", "invalid"),
        ("932682198501010017", "invalid"),
        ("9132O583187588026H", "invalid"),
        ("91320583187588026H\n", "valid"),
        ("9132058318758802٣H", "invalid"),
        ("昆山", "invalid"),
        ("", ""),
        (" - ", ""),
        (None, ""),
    ],
)
def test_the_verdict_on_one_code(code: str | None, verdict: str) -> None:
    assert _evaluate(uscc_verdict_sql("统一 码"), [code]) == [verdict]


def test_null_is_neither_a_registration_number_nor_a_person() -> None:
    assert _evaluate(registration_number_ok_sql("统一 码"), [None]) == [False]
    assert _evaluate(resident_id_shape_sql("统一 码"), [None]) == [False]
    assert _evaluate(uscc_normalise_sql("统一 码"), [None]) == [None]


@pytest.mark.parametrize(
    ("code", "looks"),
    [
        ("11010519491231002X", True),
        ("110105194912310020", True),
        ("150102880730303", True),
        ("150102880732303", False),
        ("932682198501010017", True),
        ("932682198501010018", False),
        ("91320583187588026H", False),
        ("370000400002298", False),
    ],
)
def test_the_look_of_a_persons_number(code: str, *, looks: bool) -> None:
    assert _evaluate(resident_id_shape_sql("统一 码"), [code]) == [looks]


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("name", ["c", "h", "b", "s", "x", "统一社会信用代码", 'a"b', "select", "a b"])
def test_any_column_name_may_be_used(expression: Callable[[str], str], name: str) -> None:
    quoted = name.replace('"', '""')
    with duckdb.connect() as connection:
        plain = connection.execute(
            f"SELECT {expression(name)} FROM (SELECT '91320583187588026h' AS \"{quoted}\")"  # noqa: S608
        ).fetchone()
        qualified = connection.execute(
            f"SELECT {expression(f't.{name}')} FROM (SELECT '91320583187588026h' AS \"{quoted}\") AS t"  # noqa: S608
        ).fetchone()
    assert plain == qualified
    assert plain is not None
    assert plain[0] in {"91320583187588026H", "valid", False}


def test_a_quoted_reference_is_used_as_it_is() -> None:
    assert '"t"."a.b"' in uscc_normalise_sql('"t"."a.b"')


@pytest.mark.parametrize("name", ["", "t.", ".a"])
def test_what_is_no_column_reference_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="column reference"):
        uscc_verdict_sql(name)


def test_a_name_cannot_break_out_of_its_quotes() -> None:
    hostile = 'x"); DROP TABLE t; --'
    assert '"x""); DROP TABLE t; --"' in uscc_verdict_sql(hostile)


def test_the_expression_serves_as_a_filter() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE staged (row_number INTEGER, code VARCHAR)")
        connection.execute(
            "INSERT INTO staged VALUES (1, '91320583187588026H'), (2, '91320583187588026A'), (3, 'x'), (4, NULL)"
        )
        wrong = connection.execute(
            f"SELECT row_number FROM staged WHERE {uscc_verdict_sql('code')} IN ('invalid', 'suspect') "  # noqa: S608
            "ORDER BY row_number"
        ).fetchall()
    assert wrong == [(2,), (3,)]


def test_a_hundred_thousand_codes_are_judged_well_under_two_seconds_a_million() -> None:
    count = 100_000
    random = np.random.default_rng(1)
    codes = make_usccs(
        np.full(count, "91"), random.integers(320_000, 330_000, count), random.integers(0, 10**8 + 31**6, count)
    )
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("CREATE TABLE staged AS SELECT unnest($1) AS code", [codes.tolist()])
        query = f"SELECT {uscc_verdict_sql('code')} AS v, count(*) FROM staged GROUP BY v"  # noqa: S608
        best = 9.0
        for _ in range(4):
            start = time.process_time()
            counted = connection.execute(query).fetchall()
            best = min(best, time.process_time() - start)
    assert counted == [("valid", count)]
    # Twice the target, since build machines are shared; on a quiet core it is about 0.16 s.
    assert best < 0.4
