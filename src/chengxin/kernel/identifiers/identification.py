"""What a text is, read as an identifier: the base of every value type of this room."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Self

from chengxin.kernel.identifiers.findings import Findings
from chengxin.kernel.identifiers.folding import normalise
from chengxin.kernel.identifiers.model import Kind, Part, Problem, Severity, Verdict


@dataclass(frozen=True)
class Identification:
    """What a text is, read as one kind of identifier. The subclasses are the kinds.

    Attributes:
        input: the text as it came.
        normalised: the text with width, case, spaces and hyphens folded; look-alikes are never folded here.
        problems: errors, warnings and notes in the order found.
        parts: the sections of a code of the right shape, from left to right.
        derived: other identifiers and facts that follow from this one, by name.
        suggestions: the code it may have been meant to be, for a person to decide; at most one.
    """

    KIND: ClassVar[Kind] = Kind.UNKNOWN
    NAME_ZH: ClassVar[str] = "代码"
    NAME_EN: ClassVar[str] = "code"

    input: str
    normalised: str
    problems: tuple[Problem, ...] = ()
    parts: tuple[Part, ...] = ()
    derived: Mapping[str, str] = field(default_factory=dict, hash=False)
    suggestions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str, *, on: date | None = None) -> Self:
        """Read a text as this kind of identifier. Total: every text has an answer and none raises.

        Args:
            text: the text as found, however dirty.
            on: the day on which tables and dates of birth are judged; None judges without a day.

        Returns:
            The value with its verdict; what is wrong is in ``problems``, never an exception.
        """
        code = cls._canonical(normalise(text))
        findings = Findings(cls.NAME_ZH, cls.NAME_EN)
        if findings.start(code):
            cls._examine(code, on, findings)
        return cls(text, code, tuple(findings.problems), tuple(findings.parts), dict(findings.derived))

    @classmethod
    def _canonical(cls, code: str) -> str:
        """Give the one way of writing a normalised text; most kinds have no other."""
        return code

    @classmethod
    def _examine(cls, code: str, on: date | None, findings: Findings) -> None:  # noqa: ARG003 - the kinds use it
        """Report that the text fits no kind; every kind puts its own examination here."""
        findings.report("unrecognised", shown=code[:20], length=len(code))

    @property
    def kind(self) -> Kind:
        """Say which kind of identifier the text was read as."""
        return self.KIND

    @property
    def verdict(self) -> Verdict:
        """Give the verdict that the gravest problem calls for."""
        severities = {problem.severity for problem in self.problems}
        if Severity.ERROR in severities:
            return Verdict.INVALID
        return Verdict.SUSPECT if Severity.WARNING in severities else Verdict.VALID

    def part(self, name: str) -> str:
        """Give the text of one section, or nothing where the shape was wrong.

        >>> from chengxin.kernel.identifiers import Uscc
        >>> Uscc.parse("91320583187588026H").part("region")
        '320583'
        """
        return next((part.text for part in self.parts if part.name == name), "")

    def explain(self) -> tuple[str, ...]:
        """Tell in Chinese, line by line, what each part means and then what is wrong."""
        meanings = (
            f"第 {part.start}–{part.start + len(part.text) - 1} 位 {part.text}：{part.meaning_zh}"
            if len(part.text) > 1
            else f"第 {part.start} 位 {part.text}：{part.meaning_zh}"
            for part in self.parts
        )
        return (*meanings, *(problem.message_zh for problem in self.problems))

    def as_dict(self) -> dict[str, object]:
        """Give the identification as plain values for JSON; messages are Chinese with English after."""
        return {
            "input": self.input,
            "normalised": self.normalised,
            "kind": str(self.kind),
            "verdict": str(self.verdict),
            "problems": [
                {"code": problem.code, "message": problem.message, "position": problem.position}
                for problem in self.problems
            ],
            "derived": dict(self.derived),
            "suggestions": list(self.suggestions),
        }
