"""Every string of the office end has an English text, and what is compiled is what is written."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import polib
from django.utils.translation.template import templatize

END = Path(__file__).resolve().parents[3] / "src/chengxin/ends/office"
CATALOGUE = END / "locale/en/LC_MESSAGES/django.po"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
PLACE = re.compile(r"%\((\w+)\)[sd]")
RETURNED_HELP = "下载后直接在文件里修改，再作为新文件报送即可；“自留_”开头的列不会入库，不必删除。"
MAY_STAY_CHINESE = {"开源软件 诚信 Chengxin", "金额单位为万元；长期有效填 2099/12/31。", RETURNED_HELP}
"""Texts that name something by its Chinese name: the software, a unit, a column."""


def strings() -> set[str]:
    """Return every string that the end's templates and modules ask a translation for."""
    found: set[str] = set()
    for path in END.rglob("*.html"):
        made = templatize(path.read_text(encoding="utf-8"))
        found |= {text for node in _calls(made) if (text := _text(node))}
    for path in END.rglob("*.py"):
        found |= {text for node in _calls(path.read_text(encoding="utf-8")) if (text := _text(node))}
    return found


def _text(call: ast.Call) -> str:
    first = call.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _calls(text: str) -> list[ast.Call]:
    """Return the calls of gettext or _ in Python text, or in a template that Django turned into such calls."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        calls = re.findall(r"gettext\(u?(?:'''|\"\"\"|'|\").*?(?:'''|\"\"\"|'|\")\)", text, re.DOTALL)
        calls += re.findall(r"(?<![\w.])_\(u?(?:'''|\"\"\"|'|\").*?(?:'''|\"\"\"|'|\")\s*\)", text, re.DOTALL)
        parsed = [ast.parse(call.strip(), mode="eval").body for call in calls]
        return [call for call in parsed if isinstance(call, ast.Call)]
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"_", "gettext"}
    ]


def test_the_strings_are_found_where_they_stand() -> None:
    found = strings()
    assert {"工作台", "用户名", "已退回", "没有找到", "批次 %(number)s"} <= found
    assert all(CHINESE.search(one) for one in found - {"、"})


def test_every_string_has_an_english_text_and_no_text_has_lost_its_string() -> None:
    written = {entry.msgid: entry.msgstr for entry in polib.pofile(str(CATALOGUE))}
    assert sorted(strings() - set(written)) == []
    assert sorted(set(written) - strings()) == []
    assert [key for key, text in written.items() if not text.strip()] == []
    untranslated = {key for key, text in written.items() if CHINESE.search(text)}
    assert untranslated <= MAY_STAY_CHINESE


def test_an_english_text_has_the_same_places_to_fill() -> None:
    for entry in polib.pofile(str(CATALOGUE)):
        assert sorted(PLACE.findall(entry.msgid)) == sorted(PLACE.findall(entry.msgstr)), entry.msgid


def test_what_is_compiled_is_what_is_written() -> None:
    compiled = {entry.msgid: entry.msgstr for entry in polib.mofile(str(CATALOGUE.with_suffix(".mo")))}
    assert compiled == {entry.msgid: entry.msgstr for entry in polib.pofile(str(CATALOGUE))}


def test_no_template_says_anything_outside_a_translation() -> None:
    for path in END.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"{% blocktranslate.*?%}.*?{% endblocktranslate %}", "", text, flags=re.DOTALL)
        text = re.sub(r"{%.*?%}|{{.*?}}", "", text, flags=re.DOTALL)
        assert set(CHINESE.findall(text)) <= set("中文诚"), path
