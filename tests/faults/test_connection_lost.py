"""The line breaks after COMMIT was sent and before its answer: who asks again gets the same receipt, and one effect."""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db import InterfaceError, OperationalError, connection

from chengxin.audit.models import Event
from chengxin.intake.models import Batch
from chengxin.records.models import Record
from chengxin.testing.city import import_path, import_rows, row, write_file

if TYPE_CHECKING:
    from collections.abc import Iterator

SOCKET = ".s.PGSQL.5432"
MOST = 20
"""More COMMITs than an import has."""


class Line:
    """A line to the database that breaks once, at the COMMIT of the given number: it is carried out, and not answered.

    The server's answer is awaited before the line breaks, so that the transaction is certain to be committed.
    """

    def __init__(self, folder: Path, server: str) -> None:
        self.server = server
        self.left = 0
        self.broken = threading.Event()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(folder / SOCKET))
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed at the end of the test
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.server)
        silent = threading.Event()
        back = threading.Thread(target=self._answer, args=(server, client, silent), daemon=True)
        back.start()
        with contextlib.suppress(OSError):
            while sent := client.recv(1 << 16):
                if b"COMMIT" in sent and not self.broken.is_set():
                    self.left -= 1
                    if self.left == 0:
                        self.broken.set()
                        silent.set()
                server.sendall(sent)
        for one in (server, client):
            one.close()

    def _answer(self, server: socket.socket, client: socket.socket, silent: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while said := server.recv(1 << 16):
                if silent.is_set():
                    break
                client.sendall(said)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def line() -> Iterator[Line]:
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="chengxin-line-"))  # a socket's name is short
    real = connection.settings_dict["HOST"]
    made = Line(folder, f"{real}/{SOCKET}")
    try:
        yield made
    finally:
        connection.close()
        connection.settings_dict["HOST"] = real
        made.listener.close()
        shutil.rmtree(folder)


def test_whichever_commit_goes_unanswered_the_second_try_gives_the_one_receipt(
    city: Path, tmp_path: Path, line: Line
) -> None:
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1)])
    real, through = connection.settings_dict["HOST"], line.listener.getsockname().removesuffix(f"/{SOCKET}")
    number = 0
    line.broken.set()
    while line.broken.is_set() and number < MOST:
        number += 1
        path = write_file(tmp_path / f"{number}.csv", "licence", "G3", [row("licence", "G3", number)])
        line.left = number
        line.broken.clear()
        connection.close()
        connection.settings_dict["HOST"] = through
        told = None
        with contextlib.suppress(OperationalError, InterfaceError):
            told = import_path(path, "licence")
        assert told is not None or line.broken.is_set(), "nothing but the line went wrong"
        connection.close()
        connection.settings_dict["HOST"] = real
        receipt = import_path(path, "licence")
        assert told in {None, receipt}
        assert (receipt.lines, receipt.accepted, receipt.duplicate) == (1, 1, 0)
        assert import_path(path, "licence") == receipt
        assert Batch.objects.filter(filename=path.name).count() == 1
        assert Record.objects.filter(item="licence").count() == number
        for action in ("batch.received", "batch.imported"):
            assert Event.objects.filter(action=action, object=str(receipt.batch_id)).count() == 1
        assert list((city / "inbox").iterdir()) == []
    assert 2 < number < MOST, "taking in and importing each have a COMMIT, and every one had its turn"
