"""Feeds for tests, and the city they speak about."""

from __future__ import annotations

import csv
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.testing.city import city  # noqa: F401 - a fixture
from chengxin.testing.making import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.conversion.actions.import_mapping import MappingReceipt

HEADERS = {
    "name": "企业名称",
    "uscc": "统一社会信用代码",
    "registration_number": "工商登记码",
    "organisation_code": "组织机构代码",
    "tax_number": "税务登记号",
}


class Feeds:
    """Writes feed files and imports them as the operator."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)

    def write(self, *rows: dict[str, str], columns: tuple[str, ...] = tuple(HEADERS)) -> Path:
        path = self.folder / f"feed-{next(self._numbers)}.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow([HEADERS[one] for one in columns])
            for row in rows:
                writer.writerow([row.get(one, "") for one in columns])
        return path

    def bring(self, *rows: dict[str, str], **more: Any) -> MappingReceipt:
        from chengxin.accounts.actor import operator  # noqa: PLC0415 - Django is set up by the fixtures
        from chengxin.conversion.actions.import_mapping import ImportCodeMapping  # noqa: PLC0415 - the same

        columns = more.pop("columns", tuple(HEADERS))
        now = more.pop("now", NOW)
        return ImportCodeMapping(operator(), self.write(*rows, columns=columns), now, **more).execute()


@pytest.fixture
def feeds(city: Path, tmp_path: Path) -> Feeds:  # noqa: F811 - the fixture
    assert city
    folder = tmp_path / "feeds"
    folder.mkdir()
    return Feeds(folder)
