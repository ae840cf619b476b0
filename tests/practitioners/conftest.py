"""A registrar, an officer who looks up, and files of practitioners with invented identity numbers."""

from __future__ import annotations

import csv
import io
import random
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.kernel.identifiers.checks import resident_id_check_character
from chengxin.testing.making import NOW, make_organisation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from chengxin.accounts.models import Organisation
    from chengxin.crypto import Keyring
    from chengxin.practitioners.actions.look_up import PractitionerView
    from chengxin.practitioners.receipt import FileReceipt

HEADER = ("姓名", "公民身份号码", "执业证号", "执业单位统一社会信用代码", "执业状态", "有效期自", "有效期至")
EMPLOYER = "91320583187588026H"


def id_number(number: int, born: str = "19800101", region: str = "320583") -> str:
    """Return a valid identity number, a different one for each ``number`` under 1000."""
    first = f"{region}{born}{number:03d}"
    return first + resident_id_check_character(first)


def line(index: int, /, **changed: str) -> dict[str, str]:
    """Return a right row; ``changed`` replaces columns by their short names."""
    short = dict(zip(("name", "number", "licence", "employer", "state", "start", "until"), HEADER, strict=True))
    values = {
        "name": f"测{chr(0x4E00 + index)}",
        "number": id_number(index),
        "licence": f"LS{index:08d}",
        "employer": EMPLOYER,
        "state": "有效",
        "start": "2020-01-02",
        "until": "长期",
    }
    return {short[key]: value for key, value in (values | changed).items()}


@dataclass
class Register:
    """The lawyers' registrar with its files, an officer of a window, and the time."""

    folder: Path
    keyring: Keyring
    organisation: Organisation
    now: datetime = NOW
    actor_id: str = "chen"

    def write(self, *rows: dict[str, str], name: str = "名单.csv") -> Path:
        """Write a file and return its path."""
        text = io.StringIO()
        writer = csv.DictWriter(text, HEADER)
        writer.writeheader()
        writer.writerows(rows)
        path = self.folder / name
        path.write_text(text.getvalue(), encoding="utf-8")
        return path

    def take(self, path: Path, **changed: Any) -> FileReceipt:
        """Register a file."""
        from chengxin.accounts.actor import operator  # noqa: PLC0415 - Django is set up by the fixtures
        from chengxin.cli.practitioners import open_file  # noqa: PLC0415
        from chengxin.practitioners.actions.register import RegisterPractitioners  # noqa: PLC0415

        given = RegisterPractitioners(
            operator(), self.organisation.code, "lawyer", path, self.now, open_file, self.keyring
        )
        return replace(given, **changed).execute()

    def rows(self, *rows: dict[str, str], **changed: Any) -> FileReceipt:
        """Write a file of these rows and register it."""
        return self.take(self.write(*rows), **changed)

    def look(self, licence: str = "", **changed: Any) -> PractitionerView:
        """Look a lawyer up as an officer of a window."""
        from chengxin.accounts.actor import READ_PRACTITIONERS, Actor  # noqa: PLC0415
        from chengxin.accounts.purpose import Purpose  # noqa: PLC0415
        from chengxin.practitioners.actions.look_up import LookUp, Question  # noqa: PLC0415

        actor = Actor("officer", self.actor_id, "centre", frozenset({READ_PRACTITIONERS}))
        asked = {key: changed.pop(key) for key in ("occupation", "name", "employer_uscc") if key in changed}
        question = Question(**({"occupation": "lawyer", "licence": licence} | asked))
        purpose = Purpose("application", "核对执业资格", "昆办〔2026〕12号")
        return replace(LookUp(actor, question, purpose, self.now), **changed).execute()

    def later(self, **step: float) -> None:
        """Let time pass."""
        self.now += timedelta(**step)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="chengxin-practitioners-") as name:
        yield Path(name)


@pytest.fixture
def register(own_database: str) -> Iterator[Register]:
    from chengxin.crypto import load_keyring  # noqa: PLC0415

    assert own_database
    with _folder() as folder:
        yield Register(folder, load_keyring(folder / "keys"), make_organisation("ks-sfj"))


@pytest.fixture
def canaries() -> list[str]:
    """Return five distinctive identity numbers."""
    drawn = random.Random(20260302)  # noqa: S311 - nothing secret
    return [
        id_number(drawn.randrange(1000), f"19{drawn.randrange(50, 99)}0{drawn.randrange(1, 10)}17") for _ in range(5)
    ]
