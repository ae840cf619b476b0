"""A file is on the disk and known by its hash before anybody is told that it was received."""

from __future__ import annotations

import fcntl
import hashlib
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from chengxin.accounts.actor import READ_BATCHES, SUBMIT, Actor, operator
from chengxin.audit.errors import EvidenceUnavailable
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError, NotPermitted
from chengxin.intake.actions.receive import ReceiveFile, inbox, inbox_path, sweep_inbox
from chengxin.intake.models import Batch
from chengxin.testing.city import NOW, ORGANISATION

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = "名称,代码\r\n".encode()


def receive(content: bytes = CONTENT, **changed: Any) -> ReceiveFile:
    values: dict[str, Any] = {
        "actor": operator(),
        "organisation": ORGANISATION,
        "item": "penalty",
        "filename": "处罚.csv",
        "content": io.BytesIO(content),
        "channel": "office",
        "now": NOW,
    }
    return ReceiveFile(**(values | changed))


def test_the_file_waits_in_the_inbox_under_its_batch_number(city: Path) -> None:
    received = receive().execute()
    batch = Batch.objects.get()
    assert (received.batch_id, received.already) == (batch.pk, False)
    assert [(entry.name, entry.read_bytes()) for entry in (city / "inbox").iterdir()] == [(str(batch.pk), CONTENT)]
    assert batch.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert (batch.bytes, batch.item, batch.state, batch.received_at) == (len(CONTENT), "penalty", "received", NOW)
    assert (batch.channel, batch.submitted_by) == ("office", "cli")
    event = Event.objects.get()
    assert (event.action, event.object) == ("batch.received", str(batch.pk))
    assert event.detail == {
        "sha256": batch.sha256,
        "item": "penalty",
        "organisation": ORGANISATION,
        "bytes": len(CONTENT),
    }


def test_the_same_file_again_is_the_batch_it_was(city: Path) -> None:
    first = receive().execute()
    again = receive(filename="another name.csv").execute()
    assert (again.batch_id, again.already) == (first.batch_id, True)
    assert [entry.name for entry in (city / "inbox").iterdir()] == [str(first.batch_id)]
    assert Event.objects.count() == 1


@pytest.mark.usefixtures("city")
def test_another_item_another_organisation_or_another_byte_is_another_batch() -> None:
    first = receive().execute()
    others = [receive(item="licence"), receive(organisation="ks-zjj"), receive(CONTENT + b" ")]
    assert len({first.batch_id, *(one.execute().batch_id for one in others)}) == 4


@pytest.mark.usefixtures("city")
def test_an_organisation_may_be_named_by_its_credit_code() -> None:
    receive(organisation="11320583R00000509D").execute()
    assert Batch.objects.get().organisation.code == ORGANISATION


@pytest.mark.usefixtures("city")
def test_with_a_queue_the_job_comes_in_the_transaction_of_its_batch() -> None:
    batch = receive(queue=True).execute().batch_id
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, queue_name, args, lock FROM procrastinate_jobs")
        assert cursor.fetchall() == [("intake.import_batch", "intake", f'{{"batch_id": {batch}}}', f"batch:{batch}")]


def test_what_cannot_be_committed_leaves_neither_file_nor_job(city: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core.audit_event ADD CHECK (action <> 'batch.received')")
    with pytest.raises(EvidenceUnavailable):
        receive(queue=True).execute()
    assert list((city / "inbox").iterdir()) == []
    assert Batch.objects.count() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        assert cursor.fetchone() == (0,)


class Broken(io.BytesIO):
    """An upload that ends in the middle."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise ConnectionResetError
        return super().read(min(size or 3, 3))


def test_an_upload_that_breaks_off_leaves_nothing(city: Path) -> None:
    with pytest.raises(ConnectionResetError):
        replace(receive(), content=Broken(CONTENT)).execute()
    assert list((city / "inbox").iterdir()) == []
    assert Batch.objects.count() == 0


@pytest.mark.parametrize(
    ("changed", "code", "zh"),
    [
        ({"organisation": "nobody"}, "unknown_organisation", "没有代码为“nobody”的单位"),
        ({"item": "scores"}, "unknown_item", "目录里没有“scores”，可选："),
        (
            {"organisation": "ks-sfj"},
            "item_not_handed_in",
            "昆山市司法局不报送“行政处罚”，请检查单位代码和目录是否选对",
        ),
        ({"encoding": "big5"}, "unknown_encoding", "不认识编码“big5”，可选：auto、utf-8、gb18030、utf-16"),
    ],
)
def test_what_cannot_be_handed_in_is_refused_in_a_sentence(
    city: Path, changed: dict[str, Any], code: str, zh: str
) -> None:
    with pytest.raises(ChengxinError) as raised:
        receive(**changed).execute()
    assert raised.value.code == code
    assert zh in raised.value.message_zh
    assert raised.value.message_en.isascii()
    assert not (city / "inbox").exists()
    assert Batch.objects.count() == 0


@pytest.mark.usefixtures("city")
def test_an_officer_hands_in_for_his_own_organisation_only() -> None:
    own = Actor("officer", "zhang", ORGANISATION, frozenset({SUBMIT}))
    assert receive(actor=own).execute().batch_id
    with pytest.raises(NotPermitted) as other:
        receive(actor=own, organisation="ks-zjj").execute()
    assert other.value.code == "other_organisation"
    with pytest.raises(NotPermitted) as none:
        receive(actor=Actor("officer", "li", ORGANISATION, frozenset({READ_BATCHES}))).execute()
    assert none.value.code == "operation_not_granted"


@pytest.mark.usefixtures("city")
def test_a_person_named_in_the_name_of_the_file_is_not_kept() -> None:
    receive(filename="C:/上报/张三320583199001011234.csv").execute()
    assert Batch.objects.get().filename == "张三[证件号码已隐去].csv"


def test_what_a_killed_process_left_is_swept_and_what_waits_is_not(city: Path) -> None:
    batch = receive().execute().batch_id
    (inbox() / "incoming-killed").write_bytes(b"half")
    inbox_path(batch + 1000).write_bytes(b"its batch was never committed")
    receiving = (inbox() / "incoming-alive").open("wb")
    with receiving:
        fcntl.flock(receiving.fileno(), fcntl.LOCK_EX)
        sweep_inbox()
        assert {entry.name for entry in (city / "inbox").iterdir()} == {str(batch), "incoming-alive"}
    sweep_inbox()
    assert [entry.name for entry in (city / "inbox").iterdir()] == [str(batch)]
    Batch.objects.filter(pk=batch).update(receipt={})
    sweep_inbox()
    assert list((city / "inbox").iterdir()) == []


@pytest.mark.usefixtures("city")
def test_a_file_that_was_lost_comes_back_with_the_next_handing_in() -> None:
    batch = receive().execute().batch_id
    inbox_path(batch).unlink()
    assert receive().execute().already
    assert inbox_path(batch).read_bytes() == CONTENT


@pytest.mark.usefixtures("city")
def test_a_refused_file_may_be_handed_in_again() -> None:
    first = receive().execute().batch_id
    Batch.objects.filter(pk=first).update(state="refused", refusal={"code": "x"})
    again = receive().execute()
    assert not again.already
    assert again.batch_id != first
