"""Randomness and algorithms that must not come near keys: the sources are searched, and the search is tried."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CRYPTO = ROOT / "src" / "chengxin" / "crypto"

BANNED_EVERYWHERE = {"gmssl"}
"""Packages that no file imports; the reasons are in docs/decisions/cryptography.md."""

NO_RANDOMNESS = {"random", "numpy", "faker", "hypothesis"}
"""Generators whose output can be foretold; keys, nonces and signatures draw from the operating system only."""

WEAK = re.compile(r"\b(ECB|CBC|MD5|md5|SHA1|sha1|ARC4|TripleDES|Blowfish|RSA|PKCS1v15|uuid1|seed|getrandbits)\b")
"""Names of algorithms that no suite uses."""

VERIFIER = ROOT / "src" / "chengxin" / "verifier"

ISOLATED = {"tongsuopy": {CRYPTO / "sm2.py", VERIFIER / "notes.py"}}
"""Packages that one file isolates; the audit log's verifier shares no code with the platform, so it has its own."""


def imported(text: str) -> set[str]:
    """Return the top packages that ``text`` imports, however it does so."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {one.name.split(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            first = node.args[0] if node.args else None
            if name in {"import_module", "__import__"} and isinstance(first, ast.Constant):
                found.add(str(first.value).split(".")[0])
    return found


def names_used(text: str) -> set[str]:
    """Return the names and attributes in the code of ``text``, comments and texts left out."""
    nodes = list(ast.walk(ast.parse(text)))
    names = {one.id for one in nodes if isinstance(one, ast.Name)}
    return names | {one.attr for one in nodes if isinstance(one, ast.Attribute)} | {
        alias.name for one in nodes if isinstance(one, ast.ImportFrom) for alias in one.names
    }  # fmt: skip


def sources(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def test_nothing_imports_the_library_whose_signatures_give_the_key_away() -> None:
    everywhere = sources(*(ROOT / name for name in ("src", "tests", "tools", "benchmarks")))
    assert len(everywhere) > 100
    assert [path.name for path in everywhere if imported(path.read_text(encoding="utf-8")) & BANNED_EVERYWHERE] == []


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").iterdir()), ids=lambda path: path.name)
def test_nothing_depends_on_it(path: Path) -> None:
    assert not re.search(r"^gmssl\b", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize("path", sources(CRYPTO), ids=lambda path: path.name)
def test_keys_draw_from_the_operating_system_and_strong_algorithms_only(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert imported(text) & NO_RANDOMNESS == set()
    assert sorted(name for name in names_used(text) if WEAK.fullmatch(name)) == []


@pytest.mark.parametrize("package", list(ISOLATED))
def test_a_small_library_is_touched_in_one_place(package: str) -> None:
    users = [path for path in sources(ROOT / "src") if package in imported(path.read_text(encoding="utf-8"))]
    assert users
    assert set(users) <= ISOLATED[package]


WAYS_TO_IMPORT = (
    "import {}",
    "from {} import sm2",
    "import {}.sm2 as x",
    "def f():\n    from {}.sm2 import CryptSM2",
    "import importlib\nimportlib.import_module('{}.sm2')",
    "__import__('{}')",
)


@pytest.mark.parametrize("package", sorted(BANNED_EVERYWHERE | {"random"}))
@pytest.mark.parametrize("way", WAYS_TO_IMPORT)
def test_the_search_sees_every_way_to_import(way: str, package: str) -> None:
    assert package in imported(way.format(package))


def test_the_search_sees_a_part_of_a_package() -> None:
    assert "random" in imported("from random import choice")
    assert "numpy" in imported("import numpy.random")


def test_the_search_does_not_mistake_names_or_texts_for_imports() -> None:
    assert imported("from .random import x\ntext = 'import random'\nsecrets.random()") == set()


@pytest.mark.parametrize(
    "text", ["modes.ECB()", "from x import ECB", "hashlib.md5(b'')", "uuid.uuid1()", "SystemRandom().seed(1)"]
)
def test_the_search_sees_weak_algorithms(text: str) -> None:
    assert [name for name in names_used(text) if WEAK.fullmatch(name)]


def test_the_search_lets_strong_ones_pass() -> None:
    text = "# ECB\ntext = 'MD5'\nAESGCM(key).encrypt(GCM(nonce))\nsealed()"
    assert [name for name in names_used(text) if WEAK.fullmatch(name)] == []
