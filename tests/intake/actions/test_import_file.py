"""The command line's way in: the same code, and a mapping by name or by file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chengxin.base.errors import ChengxinError
from chengxin.intake.actions.import_file import mapping_from
from chengxin.intake.models import Batch, QuarantinedRow
from chengxin.records.models import Record
from chengxin.testing.city import import_path, row, uscc, write_file

if TYPE_CHECKING:
    from pathlib import Path

OWN = """\
key: dump
name: 老系统导出
name_en: dump of an old system
item: penalty
generation: G3
columns: {单位: subject_name, 代码: uscc, 类别: subject_category, 文号: document_number, 事实: facts,
  类型: violation_type,
  依据: legal_ground, 种类: penalty_kind, 内容: penalty_content, 金额: fine_amount, 日期: decided_on,
  止: valid_until, 机关: issuer_name, 机关代码: issuer_code, 来源: source_name}
blanks: [无]
values: {penalty_kind: {罚: 罚款, 警: 警告}}
defaults: {source_code: 11320583R00000509D}
ignore: [备用]
"""


def own_file(folder: Path) -> Path:
    plain = row("penalty", "G3", 1, penalty_kind="罚", source_name="昆山市市场监督管理局")
    keys = OWN[OWN.index("{") + 1 : OWN.index("}")].replace("\n", " ").split(",")
    columns = dict(pair.strip().split(": ") for pair in keys)
    other = plain | {"penalty_kind": "警", "document_number": "昆罚〔2026〕2号", "fine_amount": "无"}
    lines = [",".join([*columns, "备用", "手机"])]
    lines += [",".join([*(one[key] for key in columns.values()), "x", "y"]) for one in (plain, other)]
    path = folder / "old.csv"
    path.write_text("\n".join(lines) + "\n", encoding="gb18030")
    return path


@pytest.mark.usefixtures("city")
def test_a_foreign_table_comes_in_through_a_mapping_of_ones_own(tmp_path: Path) -> None:
    mapping = tmp_path / "dump.yaml"
    mapping.write_text(OWN, encoding="utf-8")
    receipt = import_path(own_file(tmp_path), "penalty", mapping=mapping_from(str(mapping)), encoding="gb18030")
    assert (receipt.accepted, receipt.quarantined, receipt.encoding) == (2, 0, "gb18030"), [
        one.findings for one in QuarantinedRow.objects.all()
    ]
    first, second = (one.content for one in Record.objects.order_by("line"))
    assert (first["penalty_kind"], first["fine_amount"], first["uscc"]) == ("罚款", "1.5", uscc(1))
    assert (second["penalty_kind"], second.get("fine_amount")) == ("警告", None)
    assert first["source_code"] == "11320583R00000509D"
    assert [one["message"] for one in Batch.objects.get().notices] == ["以下列不在目录内，未采集：手机"]


def test_a_mapping_is_found_by_name_and_nothing_by_an_empty_text() -> None:
    found = mapping_from("company_search_export")
    assert found is not None
    assert found.item == "registration"
    assert mapping_from("") is None


def test_a_mapping_that_cannot_be_read_is_said_with_those_that_ship(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("item: [", encoding="utf-8")
    for given in ("nobody", str(broken)):
        with pytest.raises(ChengxinError) as raised:
            mapping_from(given)
        assert raised.value.code == "mapping_unreadable"
        assert raised.value.where == given
        assert "自带的对照表：company_search_export、enterprise_master_table" in raised.value.message_zh


@pytest.mark.usefixtures("city")
def test_a_shipped_mapping_for_another_item_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.csv", "penalty", "G3", [row("penalty", "G3")])
    with pytest.raises(ChengxinError) as raised:
        import_path(path, "penalty", mapping=mapping_from("enterprise_master_table"))
    assert raised.value.code == "mapping_for_other_item"
    assert Batch.objects.count() == 0


@pytest.mark.usefixtures("city")
def test_an_encoding_that_is_said_is_believed(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.csv", "penalty", "G3", [row("penalty", "G3")], encoding="utf-16")
    assert import_path(path, "penalty", encoding="utf-16").accepted == 1
