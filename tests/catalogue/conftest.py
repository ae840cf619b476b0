"""Fixtures of the catalogue's tests: the shipped catalogue, and a small one on disk to break."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from chengxin.catalogue import Catalogue, Item, load_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HONOUR = """\
key: honour
name: 荣誉
name_en: Honour
description: An honour given to a body.
nature: positive
double_publicity: false
subject_kinds: [legal_person]
disclosure: shared
versions:
  - {version: 1, from: 2020-01-01, note: first, source: decree}
generations:
  - {key: H1, from: 2020-01-01, until: null, source: decree}
legal_bases:
  - {name: 某法, article: 第一条, kind: law, number: 第一号, from: 2020-01-01, until: null}
retention: {years: 5, counted_from: day of the honour, source: decree}
roles:
  subject_name: body
one_of:
  - {key: identity, label: 代码, label_en: identifier, fields: [uscc]}
fields:
  - {key: body, label: 单位, label_en: Body, type: text, required: [H1], aliases: {'*': [单位]}}
  - {key: uscc, label: 代码, label_en: Code, type: uscc, aliases: {H1: [代码]}}
"""


@pytest.fixture
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture
def licence(catalogue: Catalogue) -> Item:
    return catalogue.item("licence")


@pytest.fixture
def penalty(catalogue: Catalogue) -> Item:
    return catalogue.item("penalty")


@pytest.fixture
def registration(catalogue: Catalogue) -> Item:
    return catalogue.item("registration")


@pytest.fixture
def today() -> date:
    return date(2026, 6, 1)


@pytest.fixture
def honour_file(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write the small item file with one piece of text exchanged for another."""

    def write(old: str = "", new: str = "") -> Path:
        assert old in HONOUR, f"the small item file does not hold {old!r}"
        folder = tmp_path / "items"
        folder.mkdir(exist_ok=True)
        file = folder / "honour.yaml"
        file.write_text(HONOUR.replace(old, new, 1) if old else HONOUR, encoding="utf-8")
        return file

    return write
