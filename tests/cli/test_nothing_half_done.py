"""A refused command leaves the database and the files as they were; one database serves the whole walk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chengxin.accounts.clients import ApiClient, ClientGrant, ClientKey
from chengxin.accounts.models import Officer
from chengxin.accounts.queries import organisation_by_code
from chengxin.audit.models import Event
from chengxin.intake.models import Batch
from chengxin.testing.making import make_batch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Terminal

HUGE = "99999999999999999999999"


def test_refusals_of_every_room_say_one_sentence_and_leave_nothing(terminal: Terminal, tmp_path: Path) -> None:
    public = tmp_path / "client.pem"
    public.write_text(terminal.run("api-key", str(tmp_path / "client.key")).stdout, encoding="ascii")
    poor = tmp_path / "poor.pem"
    poor.write_bytes(b"\xff\xfe")
    before = sorted(one.name for one in tmp_path.iterdir() if one.is_file())
    for arguments, says in (
        (("client", "make", "", "--org", "ks-scjg"), "请写明调用方的名称"),
        (("client", "make", "x", "--org", "nowhere"), "没有代码为“nowhere”的单位"),
        (
            ("client", "make", "x", "--org", "ks-scjg", "--grant", "checks.run", "--grant", ""),
            "没有可授予接口调用方的操作“”",
        ),
        (("client", "make", "x", "--org", "ks-scjg", "--grant", "officers.manage"), "可用的有：batches.submit"),
        (("client", "make", "x", "--org", "ks-scjg", "--public-key", str(poor)), "应为 PEM 格式的 Ed25519 或 SM2 公钥"),
        (("client", "grant", HUGE, "checks.run", "--item", "*", "--purpose", "*"), f"没有编号为 {HUGE} 的接口调用方"),
        (("client", "key", "7", str(public)), "没有编号为 7 的接口调用方，请用 chengxin client list 查看"),
        (("officer", "set", "", "--name", "张", "--org", "ks-scjg"), "用户名、姓名和工号都要填写"),
        (("officer", "set", " zhang", "--name", "张", "--org", "ks-scjg"), "前后不能有空格"),
        (("bodies", "show", "91320583187588026H"), "登记库中没有代码为“91320583187588026H”的主体，请核对代码"),
        (("audit", "proof", HUGE), f"没有编号为 {HUGE} 的审计事件"),
        (("audit", "erase-text", "1", "--legal-basis", " "), "请写明删除的法律依据"),
        (("batch", HUGE), f"没有编号为 {HUGE} 的批次"),
        (("import", "none.csv", "--item", "licence", "--org", "ks-scjg"), "none.csv"),
    ):
        done = terminal.run(*arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert done.stderr.startswith("错误："), arguments
        assert says in done.stderr, arguments
        assert "Traceback" not in done.stderr
    for table in (ApiClient, ClientGrant, ClientKey, Officer, Event, Batch):
        assert not table.objects.exists(), table
    assert sorted(one.name for one in tmp_path.iterdir() if one.is_file() and one.name != "secrets.json") == before


def test_rows_sent_back_are_written_whole_or_the_old_file_stays(terminal: Terminal, tmp_path: Path) -> None:
    number = str(make_batch(organisation_by_code("ks-scjg")).pk)
    there = tmp_path / "rows.csv"
    there.write_text("mine", encoding="utf-8")
    assert terminal.run("batch", HUGE, "--returned", str(there)).returncode == 2
    assert there.read_text(encoding="utf-8") == "mine"
    nowhere = terminal.run("batch", number, "--returned", str(tmp_path / "no" / "rows.csv"))
    assert (nowhere.returncode, nowhere.stdout) == (2, "")
    assert "请换一个位置" in nowhere.stderr
    done = terminal.run("batch", number, "--returned", str(there), "--json")
    assert done.returncode == 0, done.stderr
    assert "行政相对人名称" in there.read_bytes().decode("utf-8-sig")
