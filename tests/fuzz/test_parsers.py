"""No text of any kind makes a parser raise anything but its own documented refusal.

Texts are any code points, lone surrogates included, and right values with a few characters spoilt: the second kind
reaches deep into a parser, the first finds what nobody thought of. ``CHENGXIN_FUZZ_EXAMPLES`` sets how many texts each
parser is given (``make fuzz`` sets many).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.base.errors import ChengxinError
from chengxin.catalogue.reading import CatalogueError, read_section
from chengxin.crypto import Signature, WrongSignature, read_public_keys
from chengxin.ends.api.parser import UnreadableBody, strict_json
from chengxin.kernel.amounts import parse_amount
from chengxin.kernel.dates import parse_date
from chengxin.kernel.documents import document_key, normalise_document_number
from chengxin.kernel.identifiers import OrganisationCode, ResidentId, Uscc, Verdict, identify, normalise
from chengxin.kernel.identifiers.bulk import validate_usccs
from chengxin.kernel.masking import mask_persons
from chengxin.kernel.names import compare_names, fold_name, parse_name
from chengxin.kernel.text import clean_text, fold_for_reading, map_radicals
from chengxin.linkage.columns import columns_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EXAMPLES = int(os.environ.get("CHENGXIN_FUZZ_EXAMPLES", "150"))

SEEDS = (
    "91320583187588026H",
    "９１３２０５８３-187588026h",
    "91350211M00013FA1N",
    "362322198709086409",
    "110105491231002",
    "G12345678901234",
    "81000019990101123X",
    "昆山市禾映科技有限公司苏州分公司",
    "江苏省昆山市陆家镇云舫餐饮店（个体工商户）",
    "上海浦东发展银行股份有限公司昆山支行第二营业部",
    "KUNSHAN HEYING TECHNOLOGY CO., LTD.",
    "2026年11月23日",
    "2026-02-30",
    "46349",
    "长期",
    "1,234.50万元",
    "人民币壹佰万元整",
    "苏昆市监罚〔2026〕123号",
    "电话13800138000，身份证11010519491231002X",
    '{"code": "91320583187588026H", "on": "2026-11-23"}',
    "a: [1, {b: 2}]",
)

_ANY = st.characters(min_codepoint=0, max_codepoint=0x10FFFF, categories=None)
_NASTY = st.sampled_from("\x00\r\n\u200b\u202e\ufeff\ue863\U0001f600\ud800\udfff⽾（〔O0Il１Ａ")


@st.composite
def _spoilt(draw: st.DrawFn) -> str:
    """Return a right value with a few characters lost, put in, changed or repeated."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(text)))
        insert = draw(st.sampled_from(["", text[place : place + 2], text]) | _NASTY | _ANY)
        text = text[:place] + insert + text[place + draw(st.integers(0, 2)) :]
    return text[:400]


TEXTS = st.text(_ANY, max_size=60) | _spoilt()
fuzzed = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

TOTAL: dict[str, Callable[[str], object]] = {
    "identify": identify,
    "Uscc.parse": Uscc.parse,
    "OrganisationCode.parse": OrganisationCode.parse,
    "ResidentId.parse": ResidentId.parse,
    "normalise": normalise,
    "parse_name": parse_name,
    "fold_name": fold_name,
    "columns_of": columns_of,
    "normalise_document_number": normalise_document_number,
    "document_key": document_key,
    "mask_persons": mask_persons,
    "clean_text": clean_text,
    "fold_for_reading": fold_for_reading,
    "map_radicals": map_radicals,
}
"""Functions that promise an answer for every text."""

REFUSING: dict[str, tuple[Callable[[str], object], type[Exception]]] = {
    "parse_date": (parse_date, ValueError),
    "parse_amount": (parse_amount, ValueError),
    "Signature.parse": (Signature.parse, WrongSignature),
    "read_public_keys": (read_public_keys, ChengxinError),
    "strict_json": (lambda text: strict_json(text.encode("utf-8", "surrogatepass"), 8), UnreadableBody),
}
"""Functions that refuse what they cannot read, with the one error they name."""


@pytest.mark.parametrize("name", TOTAL)
def test_a_total_function_answers_every_text_and_says_the_same_twice(name: str) -> None:
    function = TOTAL[name]

    @fuzzed
    @given(TEXTS)
    def answers(text: str) -> None:
        assert function(text) == function(text)

    answers()


@pytest.mark.parametrize("name", REFUSING)
def test_a_parser_reads_or_refuses_and_its_refusal_has_words(name: str) -> None:
    function, refusal = REFUSING[name]

    @fuzzed
    @given(TEXTS)
    def reads(text: str) -> None:
        try:
            read = function(text)
        except refusal as refused:
            assert str(refused)  # noqa: PT017 - reading is right too
        else:
            assert read is not None

    reads()


@fuzzed
@given(TEXTS, TEXTS)
def test_any_two_texts_are_compared_the_same_way_round_and_back(one: str, other: str) -> None:
    found, back = compare_names(one, other), compare_names(other, one)
    assert (found.verdict, found.score) == (back.verdict, back.score)
    assert 0 <= found.score <= 1
    assert found.reasons


@fuzzed
@given(st.lists(TEXTS, max_size=8))
def test_the_bulk_verdict_of_any_texts_is_that_of_one_by_one(texts: list[str]) -> None:
    order = (Verdict.INVALID, Verdict.SUSPECT, Verdict.VALID)
    assert [order[each] for each in validate_usccs(texts).tolist()] == [Uscc.parse(text).verdict for text in texts]


@fuzzed
@given(TEXTS)
def test_any_file_of_the_catalogue_is_read_or_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "item.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        read_section(file)
    except CatalogueError as refused:
        assert refused.message_zh  # noqa: PT017 - reading is right too
