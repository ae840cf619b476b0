"""A whole installation for tests, made in a folder by a child: the test's own Django stays as it is."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from chengxin.base.config import embedded_url, read_secrets


@dataclass(frozen=True)
class Rig:
    """An installation: its folder, a client's token, the codes of its bodies, and the ports of its three ends."""

    folder: Path
    token: str
    codes: tuple[str, ...]
    ports: tuple[int, int, int]

    def url(self, role: str) -> str:
        """Return the database address of a role."""
        return embedded_url(self.folder, role, read_secrets(self.folder))


def free_ports(count: int) -> tuple[int, ...]:
    """Return ports nobody listens on at this moment."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in probes:
            one.bind(("127.0.0.1", 0))
        return tuple(int(one.getsockname()[1]) for one in probes)


def own_environment(folder: Path) -> dict[str, str]:
    """Return an environment without anything that leads to another installation."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CHENGXIN_", "DJANGO_", "PG"))}
    return kept | {"CHENGXIN_DATA": str(folder), "CHENGXIN_SECOND_FACTOR": "optional"}


def build(folder: Path, bodies: int = 12) -> Rig:
    """Make an installation of ``bodies`` registered bodies with a client that may hand in and check, by a child."""
    made = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "chengxin.testing.rig", str(folder), str(bodies)],
        env=own_environment(folder), check=True, capture_output=True, text=True,
    )  # fmt: skip
    held = json.loads(made.stdout.splitlines()[-1])
    public, office, api = free_ports(3)
    return Rig(folder, held["token"], tuple(held["codes"]), (public, office, api))


def make(folder: Path, bodies: int) -> dict[str, Any]:
    """Make database, organisations, client and bodies in ``folder``; return the token and the codes."""
    from chengxin.base.embedded import EmbeddedServer  # noqa: PLC0415 - only the child makes an installation

    server = EmbeddedServer(folder)
    server.start()
    try:
        os.environ["CHENGXIN_DATABASE_URL"] = server.url("owner")
        os.environ["DJANGO_SETTINGS_MODULE"] = "chengxin.settings.owner"
        import django  # noqa: PLC0415

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415

        call_command("migrate", interactive=False, verbosity=0)
        return _fill(folder, bodies)
    finally:
        server.stop()


def _fill(folder: Path, bodies: int) -> dict[str, Any]:
    from django.db import connection  # noqa: PLC0415

    from chengxin.accounts.actions.clients import GrantOperation, MakeApiClient  # noqa: PLC0415
    from chengxin.accounts.actor import OPERATIONS, operator  # noqa: PLC0415
    from chengxin.accounts.queries import organisation_by_code  # noqa: PLC0415
    from chengxin.base.clock import system_now  # noqa: PLC0415
    from chengxin.testing.city import ORGANISATION, import_rows, load_organisations, row  # noqa: PLC0415

    load_organisations()
    now = system_now()
    until = now + timedelta(days=1)
    client, token = MakeApiClient(
        operator(), "故障演练", organisation_by_code(ORGANISATION), now, until, allow_bearer=True
    ).execute()
    for operation in OPERATIONS:
        GrantOperation(
            operator(), client.pk, operation, ("*",), ("*",), 1_000_000, 1_000_000, until, now
        ).execute()  # fmt: skip
    rows = [row("registration", "R1", number) for number in range(1, bodies + 1)]
    files = folder / "files"
    files.mkdir()
    import_rows(files, "registration", "R1", rows, now=now)
    connection.close()
    return {"token": token, "codes": [one["uscc"] for one in rows]}


if __name__ == "__main__":
    print(json.dumps(make(Path(sys.argv[1]), int(sys.argv[2]))))  # noqa: T201 - the child's answer
