"""A public end over a database of its own, with a few words for putting bodies and facts into it."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client, override_settings

import chengxin.settings.owner
import chengxin.settings.public
from chengxin.kernel.names import fold_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = "2026-11-23T10:00:00+08:00"
LISTENING = re.compile(r"Listening at: (http://127\.0\.0\.1:[0-9]+)")


@dataclass
class Store:
    """Writes into the publication schema as the worker does."""

    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def body(
        self,
        name: str,
        uscc: str = "",
        *,
        kind: str = "enterprise",
        status: str = "存续",
        shown: tuple[str, str | None] = ("2020-01-01", None),
        others: tuple[tuple[str, str], ...] = (),
        **content: str,
    ) -> int:
        """Add a body with its names; returns its number."""
        number = next(self.numbers)
        code = uscc or f"91320583MA{number:08d}"
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO publication.body VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                [number, code, kind, name, status, *shown, json.dumps(content)],
            )
            for other_kind, other in (("current", name), *others):
                cursor.execute(
                    "INSERT INTO publication.body_name VALUES (%s, %s, %s, %s)",
                    [number, other_kind, other, fold_name(other)],
                )
        return number

    def fact(
        self,
        body: int,
        item: str = "licence",
        *,
        document: str = "",
        decided: str = "2026-10-08",
        issuer: str = "昆山市应急管理局",
        shown: tuple[str | None, str | None] = (None, None),
        tie: tuple[str | None, str | None] = (None, None),
        **content: str,
    ) -> int:
        """Add a fact, shown from the day of its decision unless told; ``tie`` is what ties it, and since when.

        Returns its record number.
        """
        number = 1000 + next(self.numbers)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO publication.fact VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    number,
                    body,
                    item,
                    document or f"昆应急许〔2026〕{number}号",
                    decided,
                    issuer,
                    shown[0] or decided,
                    shown[1],
                    json.dumps(content),
                    *tie,
                ],
            )
        return number

    def changed(self, at: str = "2026-11-23T09:30:00+08:00") -> None:
        """Say when the store last changed, and count what it holds as the worker does."""
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM publication.state; DELETE FROM publication.monthly")
            cursor.execute("INSERT INTO publication.state SELECT true, count(*), %s FROM publication.body", [at])
            cursor.execute(
                """INSERT INTO publication.monthly
                SELECT item, date_trunc('month', decided_on), count(*) FROM publication.fact GROUP BY 1, 2"""
            )

    def empty(self) -> None:
        """Take everything out again."""
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE publication.body, publication.body_name, publication.fact, publication.state")


@pytest.fixture
def public_settings() -> Iterator[None]:
    """Run this process with the settings of the public end, but for its database role."""
    told = vars(chengxin.settings.public)
    base = vars(chengxin.settings.owner)
    names = [name for name in told if name.isupper() and name not in {"DATABASES", "LOGGING", "SHARED_APPS"}]
    with override_settings(**{name: told[name] for name in names if told[name] != base.get(name)}):
        yield


@pytest.fixture
def store(db: None, public_settings: None, monkeypatch: pytest.MonkeyPatch) -> Store:  # noqa: ARG001
    """Return a store that is empty but for its state, on 23 November 2026."""
    monkeypatch.setenv("CHENGXIN_NOW", NOW)
    made = Store()
    made.changed()
    return made


@pytest.fixture
def client(store: Store) -> Client:  # noqa: ARG001 - the end needs a store
    """Return a visitor."""
    return Client()


@pytest.fixture
def city_store(store: Store) -> Store:
    """Return a store with a body that has everything, and neighbours."""
    return fill(store)


def fill(store: Store) -> Store:
    """Put a body that has everything and its neighbours into a store."""
    body = store.body(
        "昆山市金石精密机械有限公司",
        "91320583187588026H",
        others=(("former", "昆山金石机械厂"), ("english", "KUNSHAN JINSHI PRECISION MACHINERY CO., LTD.")),
        legal_representative="周明远",
        registered_capital="1250.500000",
        established_on="2011-06-08",
        valid_until="2099-12-31",
        address="昆山市玉山镇中华园西路1888号",
        business_scope="精密机械零部件、模具的设计、制造、加工、销售",
        remarks="内部备注",
    )
    for month in range(1, 13):
        store.fact(
            body,
            decided=f"2025-{month:02d}-15",
            shown=(None, "2027-06-30"),
            document_name="危险化学品经营许可证核发",
            licence_category="普通",
            content="准予危险化学品经营（不带储存设施）许可。",
        )
    store.fact(
        body,
        "penalty",
        document="昆市监罚〔2026〕01087号",
        decided="2026-09-18",
        issuer="昆山市市场监督管理局",
        shown=(None, "2027-09-18"),
        violation_type="未按规定公示商品价格",
        facts="当事人在其经营场所销售商品时未明码标价，经责令改正后逾期仍未改正。",
        penalty_kind="警告;罚款",
        fine_amount="0.300000",
        source_name="昆山市市场监督管理局",
        remarks="内部备注",
    )
    for number in range(24):
        store.body(f"昆山市玉山镇第{number}小吃店", kind="individual_business")
    store.changed()
    return store


@pytest.fixture
def served(own_database: str, database_url: Callable[[str], str]) -> Iterator[str]:  # noqa: ARG001 - the store's place
    """Serve a filled store by gunicorn as the real role, and yield its address."""
    fill(Store())
    with serve(database_url("public")) as address:
        yield address


@contextmanager
def serve(database: str) -> Iterator[str]:
    """Run gunicorn with the public end over a database, as production does, on a free port of this machine."""
    environment = os.environ | {
        "CHENGXIN_DATABASE_URL": database,
        "CHENGXIN_NOW": NOW,
        "DJANGO_SETTINGS_MODULE": "chengxin.settings.public",
    }
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--threads", "2", "--no-control-socket"]
    process = subprocess.Popen(
        [*command, "chengxin.ends.public.wsgi:application"],
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    said: list[str] = []
    reader = threading.Thread(target=said.extend, args=(iter(process.stderr.readline, ""),))
    try:
        address = None
        while address is None:
            line = process.stderr.readline()
            assert line, f"gunicorn ended: {said}"
            said.append(line)
            address = LISTENING.search(line)
        reader.start()
        yield address[1]
    finally:
        process.terminate()
        process.wait(timeout=20)
        if reader.ident is not None:
            reader.join(timeout=20)
        process.stderr.close()


@pytest.fixture
def today() -> date:
    """Return the legal day of ``NOW``."""
    return date(2026, 11, 23)
