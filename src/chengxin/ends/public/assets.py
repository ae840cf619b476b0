"""Addresses of static files that change with their content, without a build step."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage

_SHOWN_FROM = Path(__file__).parent
_SHOWN_KINDS = {".html", ".css", ".svg", ".mo", ".py"}


class VersionedStatic(StaticFilesStorage):
    """Adds ``?v=`` and a digest of the file to its address, so that browsers may keep it for a year."""

    def url(self, name: str | None) -> str:
        """Return the address of a static file; raise ``FileNotFoundError`` where there is none."""
        return f"{super().url(name)}?v={_digest_of(name or '')}"


@cache
def _digest_of(name: str) -> str:
    found = finders.find(name)
    if found is None:
        raise FileNotFoundError(name)
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:12]


@cache
def build() -> str:
    """Return a digest of this end's own files: a new version of the software is a new version of every page."""
    digest = hashlib.sha256()
    for path in sorted(_SHOWN_FROM.rglob("*")):
        if path.suffix in _SHOWN_KINDS:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
