"""The signed file of the mapping: written as it comes, in flat memory, whatever the number of codes."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from django.db import connection, transaction

from chengxin.audit.actions import record_event, tree_hash
from chengxin.conversion.mapping import ALL
from chengxin.conversion.package import CSV, KEYS, SIGNATURE, MappingFile, statement
from chengxin.conversion.settings import load_settings
from chengxin.crypto import load_keyring

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from chengxin.accounts.actor import Actor

PURPOSE = "mapping"

# A spreadsheet must not take a code for a formula, whatever a register of old once wrote.
_SAFE = "CASE WHEN value ~ '^[-=+@[:cntrl:]]' THEN '''' || value ELSE value END"
_COPY = f"""COPY (SELECT kind, {_SAFE} AS old_code, uscc, source, since FROM ({ALL}) AS mapping)
    TO STDOUT (FORMAT csv, HEADER)"""


def write_csv(out: BinaryIO) -> tuple[int, str]:
    """Write ``mapping.csv`` into ``out`` in the caller's transaction; return its rows and its digest, ``hash hex``."""
    name = tree_hash()
    digest, lines = hashlib.new(name), 0
    with connection.cursor() as cursor:
        # An end gives a question a few seconds; the whole city in one file takes longer, and only here.
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{load_settings().file_seconds}s"])
        with cursor.copy(_COPY) as copy:
            for piece in copy:
                content = bytes(piece)
                out.write(content)
                digest.update(content)
                lines += content.count(b"\n")
    return max(lines - 1, 0), f"{name} {digest.hexdigest()}"


@dataclass(frozen=True)
class ExportMapping:
    """Write a signed package of the whole mapping; who took it is on file."""

    actor: Actor
    now: datetime

    def to_folder(self, folder: Path) -> MappingFile:
        """Write the three files into ``folder``, which is made if need be; ones that are there are replaced."""
        folder.mkdir(parents=True, exist_ok=True)
        with transaction.atomic(), (folder / CSV).open("wb") as out:
            made = self._made(*write_csv(out))
        (folder / SIGNATURE).write_text(sign(made), encoding="utf-8")
        (folder / KEYS).write_text(public_keys(), encoding="utf-8")
        return made

    def to_zip(self, out: BinaryIO) -> MappingFile:
        """Write the package as a zip into ``out``."""
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            with transaction.atomic(), archive.open(CSV, "w", force_zip64=True) as member:
                made = self._made(*write_csv(cast("BinaryIO", member)))
            archive.writestr(SIGNATURE, sign(made))
            archive.writestr(KEYS, public_keys())
        return made

    def _made(self, rows: int, digest: str) -> MappingFile:
        record_event(
            at=self.now,
            actor=(self.actor.kind, self.actor.id, self.actor.organisation),
            action="codes.exported",
            object_kind="code_mapping",
            object_id="all",
            detail={"rows": rows, "digest": digest},
        )
        return MappingFile(rows, digest, self.now.isoformat())


def sign(made: MappingFile) -> str:
    """Return the text of ``mapping.csv.sig``."""
    text = statement(made)
    return f"{text}\n{load_keyring().sign(PURPOSE, text.encode()).text()}\n"


def public_keys() -> str:
    """Return the public keys by which mappings are verified, as text."""
    return "".join(key.block() for key in load_keyring().public_keys(PURPOSE))
