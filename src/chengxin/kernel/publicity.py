"""The dated rules on how long a penalty may be shown: their types and the reading of ``data/publicity.yaml``.

A rule, its classes and the kinds of penalty that fall into them are data with a source. What is not read in
the rule itself is marked uncertain there, and every answer that rests on it says so.

>>> load_publicity_rules().in_force(date(2026, 4, 1)).id
'ndrc-36-2026'
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from importlib import resources
from typing import Any, Final

import yaml

from chengxin.kernel.text import HORIZONTAL_SPACES, INVISIBLES, LINE_BREAKS

# Ranks below every number of months, so that "not shown" is the shortest of all periods.
NOT_SHOWN: Final = -1
# Characters that carry nothing in a kind of penalty.
IGNORED: Final = HORIZONTAL_SPACES + LINE_BREAKS + INVISIBLES
_IGNORED: Final = dict.fromkeys(map(ord, IGNORED))


class RuleDataError(ValueError):
    """A rule file that contradicts itself or lacks something; says which rule and what."""


class PublicityClass(Enum):
    """The level of a penalty; the value is the name in data and SQL."""

    MINOR = "minor"
    GENERAL = "general"
    SERIOUS = "serious"

    @property
    def rank(self) -> int:
        """Give 0 for minor (轻微), 1 for general (一般), 2 for serious (严重)."""
        return tuple(PublicityClass).index(self)

    @property
    def name_zh(self) -> str:
        """Give the level's name in the rules."""
        return ("轻微", "一般", "严重")[self.rank]


@dataclass(frozen=True, slots=True)
class KindPattern:
    """A piece of text in 处罚类别 that puts a penalty into a class.

    Attributes:
        text: what the kind must contain.
        klass: the class it means.
        source: where that is said.
        uncertain: whether it has not been read in the rule itself.
    """

    text: str
    klass: PublicityClass
    source: str
    uncertain: bool


@dataclass(frozen=True, slots=True)
class Classification:
    """How one generation of rules sorts kinds of penalty into classes.

    Attributes:
        id: its name in the data.
        default: the class of a kind that no pattern names, and of an empty one.
        patterns: the patterns; within one kind the most serious that fits decides.
        separators: characters that part several kinds in one field.
    """

    id: str
    default: PublicityClass
    patterns: tuple[KindPattern, ...]
    separators: str

    def classify(self, penalty_kinds: str) -> tuple[PublicityClass, bool]:
        """Give the class of a list of kinds, the most serious of them, and whether that is uncertain.

        Spaces and invisible characters are ignored.

        Args:
            penalty_kinds: the field 处罚类别 as handed in.
        """
        text = penalty_kinds.translate(_IGNORED)
        for separator in self.separators:
            text = text.replace(separator, "\n")
        found = [self._classify_one(kind) for kind in text.split("\n") if kind]
        # The most serious wins; among equals one that is certain makes the whole certain.
        return max(found or [(self.default, True)], key=lambda one: (one[0].rank, not one[1]))

    def _classify_one(self, kind: str) -> tuple[PublicityClass, bool]:
        """Classify one kind that is not empty."""
        fitting = [pattern for pattern in self.patterns if pattern.text in kind]
        if not fitting:
            return self.default, True
        klass = max((pattern.klass for pattern in fitting), key=lambda one: one.rank)
        return klass, all(pattern.uncertain for pattern in fitting if pattern.klass is klass)


@dataclass(frozen=True, slots=True)
class PublicityTerm:
    """What a rule says about one class.

    Attributes:
        minimum_months: how long it is shown before repair may end it; None where the rule names no minimum.
        maximum_months: how long it may be shown at most.
        published: whether it is shown at all by default.
    """

    minimum_months: int | None
    maximum_months: int
    published: bool


@dataclass(frozen=True, slots=True)
class PublicityRule:
    """One generation of the rules on publishing penalties.

    Attributes:
        id: the name every result carries.
        title_zh: how the rule is cited in Chinese.
        title_en: the same in English.
        from_day: first day in force; it ends where the next rule starts.
        source: the text it comes from.
        counted_from: what the period starts with; always ``decision``, the day of the decision.
        classification: how kinds become classes.
        terms: what it says about each class it knows.
        uncertain: whether its terms have not been read in the rule itself.
        note: what is uncertain, or empty.
    """

    id: str
    title_zh: str
    title_en: str
    from_day: date
    source: str
    counted_from: str
    classification: Classification
    terms: dict[PublicityClass, PublicityTerm]
    uncertain: bool
    note: str

    def months(self, klass: PublicityClass) -> int:
        """Give the longest time of showing in months, -1 for a class that is not shown."""
        term = self.terms[klass]
        return term.maximum_months if term.published else NOT_SHOWN


@dataclass(frozen=True, slots=True)
class PublicityRules:
    """All generations, oldest first, and the bound over them.

    Attributes:
        rules: sorted by their first day.
        hard_cap_months: nothing is shown for longer.
        hard_cap_source: where the cap comes from.
    """

    rules: tuple[PublicityRule, ...]
    hard_cap_months: int
    hard_cap_source: str

    def in_force(self, day: date) -> PublicityRule | None:
        """Give the rule in force on a day, None before the first."""
        return next((rule for rule in reversed(self.rules) if rule.from_day <= day), None)


def load_publicity_rules(source: str | None = None) -> PublicityRules:
    """Read the dated rules on publishing penalties.

    Args:
        source: the text of a YAML file in the form of ``data/publicity.yaml``; that file when left out.

    Raises:
        RuleDataError: when the text is not such a file, two rules start on one day or share an id, or a rule
            lacks a class that its classification can give.
    """
    data = load_yaml("publicity.yaml", source)
    try:
        found = {
            name: _classification(name, entry, data["separators"]) for name, entry in data["classifications"].items()
        }
        rules = tuple(sorted((_rule(entry, found) for entry in data["rules"]), key=lambda rule: rule.from_day))
        cap, cap_source = int(data["hard_cap"]["months"]), str(data["hard_cap"]["source"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RuleDataError(f"the publicity rules are incomplete or misspelt near {error}") from error
    if not rules:
        raise RuleDataError("the publicity rules name no rule")
    if len({rule.id for rule in rules}) < len(rules) or len({rule.from_day for rule in rules}) < len(rules):
        raise RuleDataError("two publicity rules share an id or a first day")
    return PublicityRules(rules, cap, cap_source)


def load_yaml(name: str, source: str | None) -> Any:  # noqa: ANN401 - YAML is what it is until it is checked
    """Parse the given text, or the kernel's data file of that name.

    Raises:
        RuleDataError: when the text is no YAML.
    """
    if source is None:
        source = resources.files("chengxin.kernel").joinpath(f"data/{name}").read_text(encoding="utf-8")
    try:
        return yaml.safe_load(source)
    except yaml.YAMLError as error:
        raise RuleDataError(f"the rules are no YAML: {error}") from error


def _classification(name: str, entry: dict[str, Any], separators: str) -> Classification:
    """Build one classification."""
    patterns = tuple(
        KindPattern(one["text"], PublicityClass(one["class"]), one["source"], one.get("uncertain", False))
        for one in entry["patterns"]
    )
    for pattern in patterns:
        if not pattern.text or any(character in pattern.text for character in separators):
            raise RuleDataError(f"pattern '{pattern.text}' of {name} is empty or holds a separator")
    return Classification(name, PublicityClass(entry["default"]), patterns, separators)


def _rule(entry: dict[str, Any], classifications: dict[str, Classification]) -> PublicityRule:
    """Build one rule and see that it knows every class it can be asked for."""
    classification = classifications[entry["classification"]]
    terms = {
        PublicityClass(name): PublicityTerm(
            term.get("minimum_months"), int(term["maximum_months"]), bool(term["published"])
        )
        for name, term in entry["classes"].items()
    }
    wanted = {classification.default, *(pattern.klass for pattern in classification.patterns)}
    if wanted - terms.keys():
        raise RuleDataError(f"rule {entry['id']} lacks terms for {sorted(one.value for one in wanted - terms.keys())}")
    if entry["counted_from"] != "decision" or not isinstance(entry["from"], date):
        raise RuleDataError(f"rule {entry['id']}: only periods counted from the decision, with a first day")
    return PublicityRule(
        id=entry["id"],
        title_zh=entry["title_zh"],
        title_en=entry["title_en"],
        from_day=entry["from"],
        source=entry["source"],
        counted_from=entry["counted_from"],
        classification=classification,
        terms=terms,
        uncertain=entry.get("uncertain", False),
        note=entry.get("note", ""),
    )
