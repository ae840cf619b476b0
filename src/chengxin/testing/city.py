"""Files of a small city for tests: sound rows of every item and generation, written and handed in for real."""

from __future__ import annotations

import csv
import itertools
import json
import tempfile
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from chengxin.base.city import load_city
from chengxin.catalogue import load_catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from chengxin.intake.receipt import Receipt

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""Monday 2 March 2026, 10:00 in Kunshan: when files are handed in unless told otherwise."""

ORGANISATION = "ks-scjg"
"""An organisation that hands in all three items."""

Row: TypeAlias = dict[str, str]
"""A row of a department's file, by field key."""

_numbers = itertools.count(1)


@pytest.fixture
def city(own_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Path]:  # noqa: ANN401, ARG001
    """Give the test Kunshan's organisations in a database of its own and yield the folder of its data (``inbox``).

    A conftest that imports the name has the fixture. Temporary files go to the folder ``scratch`` beside it, which has
    to be empty again in the end, whatever the test did.
    """
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    settings.DATA_FOLDER = tmp_path / "data"
    settings.DATA_FOLDER.mkdir()
    load_organisations()
    yield settings.DATA_FOLDER
    left = sorted(entry.name for entry in scratch.iterdir())
    if left:
        raise AssertionError(f"left behind: {left}")


def uscc(number: int, prefix: str = "91", region: str = "320583") -> str:
    """Return a sound 统一社会信用代码 that no body bears, another one for each number."""
    import numpy as np  # noqa: PLC0415 - loaded with the plugin of every test run, used by few

    from chengxin.rehearsal import codes  # noqa: PLC0415

    own = codes.organisation_codes(np.array([number], dtype=np.int64), np.array([False]))
    return codes.as_text(codes.usccs(np.array([prefix.encode()], dtype="S2"), region, own))[0]


def registration_number(number: int) -> str:
    """Return a sound fifteen-digit 工商注册号."""
    import numpy as np  # noqa: PLC0415

    from chengxin.rehearsal import codes  # noqa: PLC0415

    return codes.as_text(codes.registration_numbers("320583", np.array([9_900_000 + number], dtype=np.int64)))[0]


@cache
def headers(item: str, generation: str) -> Mapping[str, str]:
    """Return the Chinese header of every field in the item's list of this generation, by field key."""
    fields = load_catalogue().item(item).fields_in(generation)
    return {field.key: field.names_in(generation)[0] for field in fields}


def row(item: str, generation: str, number: int = 1, **changed: str) -> Row:
    """Return a row without a fault about body ``number``, by field key, with some values ``changed``.

    Document numbers follow the body's number; ``changed`` fields that the list does not have are refused.
    """
    organ = next(one for one in load_city("kunshan").organisations if one.code == ORGANISATION)
    values = {
        "subject_name": f"昆山演练{number}号有限公司",
        "subject_category": "法人",
        "uscc": uscc(number),
        "legal_representative": "演某",
        "document_name": "准予许可决定书",
        "document_number": f"昆市监{'许' if item == 'licence' else '罚'}〔2026〕{number}号",
        "project_name": "食品经营许可",
        "licence_category": "普通",
        "content": "食品经营",
        "penalty_name": "虚假宣传案",
        "violation_type": "虚假宣传",
        "facts": "在网页上作虚假宣传",
        "legal_ground": "《中华人民共和国反不正当竞争法》第二十条",
        "penalty_kind": "罚款",
        "penalty_content": "罚款一万五千元",
        "fine_amount": "1.5",
        "decided_on": "2026-02-27",
        "valid_from": "2026-02-27",
        "valid_until": "2031-02-26",
        "issuer_name": organ.name,
        "issuer_code": organ.uscc,
        "source_name": organ.name,
        "source_code": organ.uscc,
        "registration_number": registration_number(number),
        "body_type": "有限责任公司",
        "registered_capital": "100",
        "established_on": "2010-05-01",
        "registrar_name": organ.name,
        "address": f"昆山市演练路{number}号",
        "status": "存续" if item == "registration" else "有效",
    }
    known = headers(item, generation)
    strange = set(changed) - set(known)
    if strange:
        raise KeyError(f"{item} {generation} has no {sorted(strange)}")
    if item == "registration":
        del values["valid_from"], values["valid_until"]
    else:
        del values["registration_number"]
    return {key: changed.get(key, values.get(key, "")) for key in known}


def write_file(
    path: Path,
    item: str,
    generation: str,
    rows: Iterable[Mapping[str, str]],
    *,
    encoding: str = "utf-8-sig",
    more: Mapping[str, str] | None = None,
) -> Path:
    """Write ``rows`` (by field key) as the CSV of a department; ``more`` are columns of its own with one value each."""
    known = headers(item, generation)
    own = dict(more or {})
    with path.open("w", encoding=encoding, newline="") as out:
        writer = csv.writer(out)
        writer.writerow([*known.values(), *own])
        for one in rows:
            writer.writerow([*(one.get(key, "") for key in known), *own.values()])
    return path


def load_organisations() -> None:
    """Bring Kunshan's organisations into the database of the test."""
    from chengxin.accounts.actions.load_organisations import LoadOrganisations  # noqa: PLC0415 - needs Django set up

    LoadOrganisations(load_city("kunshan")).execute()


def import_path(
    path: Path,
    item: str,
    *,
    organisation: str = ORGANISATION,
    now: datetime = NOW,
    **more: Any,  # noqa: ANN401
) -> Receipt:
    """Hand the file at ``path`` in as the operator and import it at ``now``; ``more`` goes to ``ImportFile``."""
    from chengxin.accounts.actor import operator  # noqa: PLC0415
    from chengxin.intake.actions.import_file import ImportFile  # noqa: PLC0415

    return ImportFile(operator(), organisation, item, path, lambda: now, **more).execute()


def import_rows(
    folder: Path,
    item: str,
    generation: str,
    rows: Iterable[Mapping[str, str]],
    *,
    organisation: str = ORGANISATION,
    now: datetime = NOW,
    **more: Any,  # noqa: ANN401 - columns of a department's own
) -> Receipt:
    """Write ``rows`` as a file of its own, hand it in and import it."""
    path = write_file(folder / f"{item}-{next(_numbers)}.csv", item, generation, rows, more=more)
    return import_path(path, item, organisation=organisation, now=now)


def places_of(text: str) -> list[str]:
    """Return where ``text`` stands in the database: each column of ``core`` and ``publication`` as table.column.

    Every row is searched as the text PostgreSQL makes of it, JSON with its escapes undone.
    """
    from django.db import connection  # noqa: PLC0415

    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT table_schema, table_name, column_name FROM information_schema.columns
            WHERE table_schema IN ('core', 'publication') ORDER BY 1, 2, 3"""
        )
        for schema, table, column in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{schema}"."{table}" WHERE position(%s IN "{column}"::text) > 0'  # noqa: S608
                f' OR position(%s IN "{column}"::text) > 0',
                [text, json.dumps(text)[1:-1]],
            )
            if cursor.fetchone()[0]:
                found.append(f"{table}.{column}")
    return found
