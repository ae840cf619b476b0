"""Every Chinese sentence of the public end has its English, and the compiled catalogue is the written one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import polib
import pytest
from django.utils.translation.template import templatize

import chengxin.ends.public

ROOT = Path(chengxin.ends.public.__file__).parent
CATALOGUE = ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"
CALLED = re.compile(r"""\b(?:gettext|_)\((u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")\)""")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
TAGS = re.compile(r"{[{%#].*?[%}#]}", re.DOTALL)


def _in_template(path: Path) -> set[str]:
    return {ast.literal_eval(found[1]) for found in CALLED.finditer(templatize(path.read_text(encoding="utf-8")))}


def _in_module(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"_", "gettext"}:
            argument = node.args[0]
            assert isinstance(argument, ast.Constant), f"{path.name}:{node.lineno} translates something computed"
            found.add(str(argument.value))
    return found


TEMPLATES = sorted(ROOT.rglob("*.html"))
SPOKEN = {text for path in TEMPLATES for text in _in_template(path)} | {
    text for path in ROOT.rglob("*.py") for text in _in_module(path)
}


@pytest.fixture(scope="module")
def written() -> polib.POFile:
    return polib.pofile(str(CATALOGUE), encoding="utf-8")


def test_every_sentence_has_its_english(written: polib.POFile) -> None:
    english = {entry.msgid: entry.msgstr for entry in written if "fuzzy" not in entry.flags}
    assert len(SPOKEN) > 100
    assert sorted(text for text in SPOKEN if not english.get(text)) == []


def test_no_english_is_left_over_from_a_sentence_that_is_gone(written: polib.POFile) -> None:
    assert sorted(entry.msgid for entry in written if entry.msgid not in SPOKEN) == []


def test_the_english_names_the_same_values_and_holds_no_chinese(written: polib.POFile) -> None:
    for entry in written:
        assert set(re.findall(r"%\(\w+\)s", entry.msgid)) == set(re.findall(r"%\(\w+\)s", entry.msgstr)), entry.msgid
        assert not CHINESE.search(re.sub("诚信|有限公司", "", entry.msgstr)), entry.msgstr


def test_the_compiled_catalogue_is_the_written_one(written: polib.POFile) -> None:
    compiled = polib.mofile(str(CATALOGUE.with_suffix(".mo")), encoding="utf-8")
    assert {entry.msgid: entry.msgstr for entry in compiled} == {entry.msgid: entry.msgstr for entry in written}
    assert compiled.metadata == written.metadata


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_template_says_chinese_that_cannot_be_translated(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"{% blocktranslate.*?{% endblocktranslate %}", "", text, flags=re.DOTALL)
    # The switch names each language in itself; the mark is a drawing of two characters; 《》 frame source titles.
    plain = TAGS.sub("", text).replace("中文English", "").replace(">诚信<", "><")
    assert CHINESE.findall(plain) == []
