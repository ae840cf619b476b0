"""Wrong names, wrong codes, damaged numbers and strange characters, from the file to the page: nothing is guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl

from chengxin.ends.office.review_show import compare
from chengxin.intake.models import Batch, QuarantinedRow
from chengxin.kernel.identifiers import identify
from chengxin.kernel.names import compare_names, fold_name
from chengxin.publication.queries import facts_of_body, search_bodies
from chengxin.records.models import LinkProposal, Record
from chengxin.records.review import refresh
from chengxin.subjects.models import Subject
from chengxin.subjects.queries import subject_by_identifier
from chengxin.testing.city import NOW, headers, import_path, places_of, registration_number, row, uscc

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Files

NAME = "昆山演练1号有限公司"
TODAY = NOW.date()
SOUND = uscc(1)
FOREIGN = "110105194912310021"
"""An identity number with a sound check character, of nobody in this city."""


def body() -> Subject:
    return Subject.objects.get(uscc=SOUND)


def shown(files: Files) -> int:
    assert files
    return len(facts_of_body(body().pk, "penalty", TODAY).rows)


def found(name: str) -> set[str]:
    """Return the credit codes of the bodies that the public finds by a name."""
    return {one.body.uscc for one in search_bodies(name, TODAY).hits}


def test_a_penalty_with_the_right_name_and_no_code_or_another_ones_attaches_to_nobody(files: Files) -> None:
    """Case 1."""
    files.penalties({"uscc": ""}, {"uscc": uscc(77)})
    assert files.rules() == ["identity_missing"]
    (waiting,) = files.facts()
    assert (waiting.subject_id, waiting.link) == (None, None)
    assert shown(files) == 0
    from chengxin.intake.review.gather import propose_links  # noqa: PLC0415 - beside its one use

    assert propose_links(None, NOW) == 2
    causes = dict(LinkProposal.objects.values_list("cause", "state"))
    assert causes == {"code_missing": "open", "code_unknown": "open"}
    # A person is asked; nothing was tied by asking, and asking again ties nothing either.
    refresh(NOW)
    assert not Record.objects.filter(item="penalty", subject_id__isnull=False).exists()


def test_the_row_of_a_person_of_the_same_name_is_refused_whole_whatever_number_it_bears(files: Files) -> None:
    """Case 1, where the name is a person's."""
    files.penalties(
        {"subject_name": "演某", "subject_category": "自然人", "uscc": ""},
        {"subject_name": "演某", "uscc": FOREIGN},
    )
    assert files.rules() == ["natural_person_refused"] * 2
    assert files.facts() == []
    assert {cell for held in files.sent_back() for cell in held.cells} == {""}
    assert places_of(FOREIGN) == []


def test_a_letter_that_no_credit_code_uses_sends_the_row_back_and_its_place_is_named(files: Files) -> None:
    """Case 3."""
    wrong = [SOUND[:9] + letter + SOUND[10:] for letter in "OIZSV"]
    files.penalties(*({"uscc": one} for one in wrong))
    assert files.rules() == ["uscc_invalid"] * 5
    assert [held.findings[0]["value"] for held in files.sent_back()] == wrong
    assert all("：第 10 位是“" in held.findings[0]["message"] for held in files.sent_back())
    assert files.facts() == []
    for one in wrong:
        told = identify(one).problems
        assert [(each.code, each.position) for each in told] == [("letter_not_used", 10)]
        assert "第 10 位" in told[0].message_zh
        assert "Position 10" in told[0].message_en


def test_a_wrong_check_character_is_asked_about_and_the_place_is_marked_for_who_decides(files: Files) -> None:
    """Case 3."""
    wrong = SOUND[:17] + ("0" if SOUND[17] != "0" else "1")
    files.penalties({"uscc": wrong})
    assert files.rules() == ["uscc_suspect"]
    assert "：第 18 位校验码应为 " in files.sent_back()[0].findings[0]["message"]
    assert files.facts() == []
    assert [one.position for one in identify(wrong).problems] == [18]
    pieces = compare(wrong, SOUND)
    assert [(one.text, one.differs) for one in pieces] == [(wrong[:17], False), (wrong[17], True)]


def test_a_body_with_a_new_name_and_a_new_code_is_one_body_that_the_old_ones_find(files: Files) -> None:
    """Case 4."""
    files.penalties({})
    files.register(row("registration", "R1", 1, subject_name="昆山更名有限公司"))
    files.register(row("registration", "R1", 1, subject_name="昆山更名有限公司", uscc=uscc(2), former_uscc=SOUND))
    (only,) = Subject.objects.all()
    assert (only.uscc, only.name) == (uscc(2), "昆山更名有限公司")
    for code in (SOUND, uscc(2)):
        led = subject_by_identifier("uscc", code)
        assert led is not None
        assert led.id == only.pk
    for name in (NAME, "昆山更名有限公司"):
        assert found(name) == {uscc(2)}, name
    files.penalties(
        {"document_number": "昆市监罚〔2026〕900号"}, {"document_number": "昆市监罚〔2026〕901号", "uscc": uscc(2)}
    )
    assert {one.subject_id for one in files.facts()} == {only.pk}
    assert len(facts_of_body(only.pk, "penalty", TODAY).rows) == 3


def test_a_number_that_a_spreadsheet_made_of_a_code_is_refused_and_never_rounded_back(
    files: Files, tmp_path: Path
) -> None:
    """Case 5, from a workbook: a cell that is a number, a number with an exponent, and a text."""
    digits = next(one for one in map(uscc_of_digits, range(1, 400)) if one is not None)
    files.register(row("registration", "R1", 5, uscc=digits))
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    known = headers("penalty", "G3")
    sheet.append(list(known.values()))
    written: list[int | str] = [int(digits), f"{int(digits):.5E}", digits]
    for number, code in enumerate(written, start=1):
        values = row("penalty", "G3", 5, document_number=f"昆市监罚〔2026〕{number}号")
        sheet.append([code if key == "uscc" else values.get(key, "") for key in known])
    path = tmp_path / "penalty.xlsx"
    book.save(path)
    receipt = import_path(path, "penalty")
    assert (receipt.lines, receipt.quarantined, receipt.linked) == (3, 2, 1)
    for held in files.sent_back():
        told = {one["rule"]: one["message"] for one in held.findings}
        assert "电子表格改坏" in told["uscc_damaged"]
    kept = [cell for held in files.sent_back() for cell in held.cells]
    assert digits not in kept
    assert [one.identifier for one in files.facts()] == [f"uscc:{digits}"]


def uscc_of_digits(number: int) -> str | None:
    """Return a sound credit code of digits alone, or None where this number gives none."""
    import numpy as np  # noqa: PLC0415 - beside its one use

    from chengxin.rehearsal import codes  # noqa: PLC0415

    own = codes.organisation_codes(np.array([number], dtype=np.int64), np.array([True]))
    found = codes.as_text(codes.usccs(np.array([b"91"], dtype="S2"), "320583", own))[0]
    return found if found.isdecimal() else None


def test_a_private_use_character_sends_the_row_back(files: Files) -> None:
    """Case 6: U+E863 stood for 䶮 before the character had a number of its own."""
    files.penalties({"subject_name": "昆山\ue863禾有限公司"})
    assert files.rules() == ["subject_name_private_use"]
    assert "标准汉字" in files.sent_back()[0].findings[0]["message"]
    assert files.facts() == []


def test_a_rare_character_is_a_character_like_any_other(files: Files) -> None:
    """Case 6: 䶮 (U+4DAE) is found, compared and shown as it is."""
    files.register(row("registration", "R1", 2, subject_name="昆山䶮禾有限公司"))
    assert found("䶮禾") == {uscc(2)}
    assert str(compare_names("昆山䶮禾有限公司", "昆山龑禾有限公司").verdict) != "same"


def test_what_nobody_sees_makes_no_other_name_and_is_kept_as_it_was_handed_in(files: Files) -> None:
    """Case 6: zero width, blanks and widths."""
    written = [
        "昆山演练\u200b1号有限公司",
        "昆山演练\ufeff1号有限公司",
        "昆山 演练1号 有限公司",
        "昆山演练１号有限公司",
    ]
    files.penalties(*({"subject_name": one} for one in written))
    facts = files.facts()
    assert {one.subject_id for one in facts} == {body().pk}
    assert [one.content["subject_name"] for one in facts] == written
    for one in written:
        assert fold_name(one) == fold_name(NAME)
        assert str(compare_names(one, NAME).verdict) == "same"


def test_a_radical_is_read_as_the_ideograph_it_looks_like(files: Files) -> None:
    """Case 6: ⾼ (U+2FBC) out of a PDF is 高, in the fact and in a search."""
    files.register(row("registration", "R1", 3, subject_name="昆山⾼新有限公司"))
    assert Subject.objects.get(uscc=uscc(3)).name == "昆山高新有限公司"
    told = Batch.objects.latest("pk").notices
    assert [(one["code"], one["message"][:3]) for one in told] == [("radicals_mapped", "1 行")]
    assert found("昆山高新") == {uscc(3)}


def test_every_middle_dot_is_one_dot_to_compare_and_its_own_to_show(files: Files) -> None:
    """Case 6: the dot in a transcribed name."""
    written = [f"昆山阿迪{dot}力有限公司" for dot in "·•・‧∙⋅･"]
    files.register(*(row("registration", "R1", 10 + place, subject_name=one) for place, one in enumerate(written)))
    kept = Subject.objects.exclude(uscc=SOUND).order_by("pk").values_list("name", flat=True)
    assert list(kept) == written
    for one in written:
        assert str(compare_names(one, written[0]).verdict) == "same"
    assert found("昆山阿迪·力有限公司") == {uscc(10 + place) for place in range(len(written))}


def test_an_older_number_in_place_of_the_credit_code_ties_by_the_register_alone(files: Files) -> None:
    """Case 4, the other way round: an older number of the body finds it, a neighbour's does not."""
    files.penalties(
        {"uscc": "", "registration_number": registration_number(1)},
        {"uscc": "", "registration_number": registration_number(2)},
    )
    known, unknown = files.facts()
    assert (known.subject_id, known.link) == (body().pk, "registration_number")
    assert unknown.subject_id is None


def test_nothing_of_a_row_that_was_sent_back_reaches_the_public(files: Files) -> None:
    """Cases 1, 3 and 5: a file with good and bad rows, and what the public can see of it afterwards."""
    receipt = files.penalties({}, {"uscc": ""}, {"uscc": SOUND[:9] + "O" + SOUND[10:]}, {"uscc": "3.20583E+17"})
    assert (receipt.lines, receipt.accepted, receipt.quarantined) == (4, 1, 3)
    assert shown(files) == 1
    assert QuarantinedRow.objects.count() == 3
    assert Batch.objects.latest("pk").state == "published"
