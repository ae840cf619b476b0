"""Runs an end in a test as the process it is: with its own settings, as its own database role, or as a real server."""

from __future__ import annotations

import http.client
import importlib
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig, apps
from django.contrib.staticfiles.finders import get_finder
from django.db import connection
from django.template.utils import get_app_template_dirs
from django.test import Client, override_settings

from chengxin.base.config import read_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 20
"""Seconds a server may take to answer for the first time."""


@contextmanager
def as_role(role: str) -> Iterator[None]:
    """Let Django's connection log in as ``role`` instead of the owner, and give it back afterwards."""
    secrets = read_secrets(Path(os.environ["CHENGXIN_TEST_SERVER"]))
    settings = connection.settings_dict
    kept = settings["USER"], settings["PASSWORD"]
    connection.close()
    settings["USER"], settings["PASSWORD"] = f"chengxin_{role}", secrets.passwords[role]
    try:
        yield
    finally:
        connection.close()
        settings["USER"], settings["PASSWORD"] = kept


@contextmanager
def settings_of(end: str) -> Iterator[None]:
    """Turn the owner's settings and applications into those of ``end``, its database aside.

    Applications are added by hand: Django's own override starts every application once more, which the job queue's
    does not survive.
    """
    own = importlib.import_module(f"chengxin.settings.{end}")
    owner = importlib.import_module("chengxin.settings.owner")
    names = [name for name in vars(own) if name.isupper() and name not in {"DATABASES", "INSTALLED_APPS"}]
    changed = {name: getattr(own, name) for name in names if getattr(own, name) != getattr(owner, name, None)}
    added = [name for name in own.INSTALLED_APPS if not apps.is_installed(name)]
    with override_settings(**changed):
        configs = [AppConfig.create(name) for name in added]
        for config in configs:
            config.apps = apps
            apps.app_configs[config.label] = config
            config.import_models()
            config.ready()
        _forget_files()
        try:
            yield
        finally:
            for config in configs:
                del apps.app_configs[config.label]
            _forget_files()


def _forget_files() -> None:
    """Let Django look again for the templates and static files of the applications that are there now."""
    apps.clear_cache()
    remembering: tuple[Any, ...] = (get_app_template_dirs, get_finder)  # their types hide the cache
    for remembered in remembering:
        remembered.cache_clear()


class RoleClient(Client):
    """Django's test client; each request runs as the database role of its end."""

    def __init__(self, role: str, **defaults: Any) -> None:  # noqa: ANN401 - the parent's own
        super().__init__(raise_request_exception=False, **defaults)
        self.role = role

    def request(self, **request: Any) -> Any:  # noqa: ANN401 - the parent's own
        """Send one request as the role."""
        with as_role(self.role):
            return super().request(**request)


@contextmanager
def served(end: str, database_url: str, folder: Path, **environment: str) -> Iterator[tuple[str, int]]:
    """Run ``end`` under gunicorn with this database address and data folder only; yield its host and port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    log = folder / f"{end}.log"
    command = [sys.executable, "-m", "gunicorn", f"chengxin.ends.{end}.wsgi:application", "--threads", "4"]
    given = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "CHENGXIN_DATABASE_URL": database_url,
        "CHENGXIN_DATA": str(folder),
        "CHENGXIN_SECOND_FACTOR": "optional",
        "CHENGXIN_WEB_KEY": "key-of-a-test-server-and-long-enough-for-signing-it",
    }
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - our own server
            [*command, "--bind", f"127.0.0.1:{port}"], env=given | environment, stdout=out, stderr=out
        )
        try:
            _wait(process, port, log)
            yield "127.0.0.1", port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=PATIENCE)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            asked.request("HEAD", "/")
            asked.getresponse().close()
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)  # gunicorn listens before its workers can answer
        else:
            return
        finally:
            asked.close()
    raise RuntimeError(f"the server did not start: {log.read_text(encoding='utf-8')}")
