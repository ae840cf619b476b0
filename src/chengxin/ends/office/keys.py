"""The key ring of this process: read once, at the first use."""

from __future__ import annotations

from functools import cache

from chengxin.crypto import Keyring, load_keyring


@cache
def keyring() -> Keyring:
    """Return the installation's keys (``CHENGXIN_KEYS``, or ``keys`` in the data folder)."""
    return load_keyring()
