"""Ask that a body found to be two becomes two: the codes, names and facts of one go to a body of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chengxin.accounts.actor import SPLIT_BODIES
from chengxin.base.errors import ChengxinError
from chengxin.subjects.actions.change import ask, require_everywhere, standing_subject
from chengxin.subjects.models import Change, Identifier, Name, Registration
from chengxin.subjects.preview import Preview, preview_split

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.actor import Actor
    from chengxin.subjects.models import Subject

ORGANISATION_PART = slice(8, 17)
"""Characters 9 to 17 of a credit code are the organisation code (GB 32100)."""


@dataclass(frozen=True)
class AskSplit:
    """Ask to split a body off ``subject_id`` (拆分主体): it gets ``codes``, ``names`` and the name ``name``.

    Facts follow the code they were handed in under; a fact that no code of the body ties can be chosen by its key in
    ``facts``. The entry that says how the body stands now stays with it, and so do the codes it came under. Raises
    ``NotPermitted``, ``NotFound``, and ``ChengxinError`` for codes that are not the body's, for all its codes or none,
    for a code that has to stay, for a name the body never bore, and without a reason.
    """

    actor: Actor
    subject_id: int
    codes: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    name: str
    facts: tuple[str, ...]
    reason: str
    now: datetime

    def check(self) -> Subject:
        """Return the body, or raise."""
        require_everywhere(self.actor, SPLIT_BODIES)
        subject = standing_subject(self.subject_id)
        held = set(Identifier.objects.filter(subject=subject).values_list("kind", "value"))
        asked = set(self.codes)
        if not asked or not asked < held:
            raise ChengxinError(
                "codes_wrong",
                "请选择属于该主体的代码，至少一个、不能是全部",
                "choose codes of this body: at least one, and not all of them",
                where="codes",
            )
        _keep_together(asked, held)
        staying = self._staying(subject)
        if asked & staying:
            codes = "、".join(value for _kind, value in sorted(asked & staying))
            raise ChengxinError(
                "code_has_to_stay",
                f"{codes} 是该主体现行登记信息所用的代码，须留在原主体；请改为拆分另一方的代码",
                f"{codes} is what the present register entry came under and stays: split the other part off",
                where="codes",
            )
        borne = set(Name.objects.filter(subject=subject).values_list("name", flat=True))
        borne |= set(Registration.objects.filter(subject_id=subject.pk).values_list("name", flat=True))
        if self.name not in borne or not set(self.names) <= borne - {subject.name}:
            raise ChengxinError(
                "names_wrong",
                "请从该主体用过的名称中选择，现用名称不能移走",
                "choose among the names the body bore; its present name stays",
                where="names",
            )
        return subject

    def plan(self) -> dict[str, Any]:
        """Return what was chosen, as it is kept."""
        return {
            "codes": sorted([kind, value] for kind, value in self.codes),
            "names": sorted(self.names),
            "name": self.name,
            "facts": sorted(self.facts),
        }

    def preview(self) -> Preview:
        """Return what the split would do; nothing is kept."""
        return preview_split(self.check(), self.plan())

    def execute(self) -> Change:
        """Keep the question with its preview and ask for the approval; return it."""
        subject = self.check()
        plan = self.plan()
        return ask(self.actor, Change.Kind.SPLIT, (subject, None), plan, preview_split(subject, plan), self)

    def _staying(self, subject: Subject) -> set[tuple[str, str]]:
        """Return the codes that the present entry rests on."""
        latest = Registration.objects.filter(subject_id=subject.pk).order_by("-recorded_at", "-pk").first()
        found = {("uscc", subject.uscc)} if subject.uscc else set()
        if latest is not None and latest.identifier:
            kind, _, value = latest.identifier.partition(":")
            found.add((kind, value))
        return found


def _keep_together(asked: set[tuple[str, str]], held: set[tuple[str, str]]) -> None:
    """Raise unless each organisation code goes where its credit code goes: it is a part of it (GB 32100)."""
    leaving = {value[ORGANISATION_PART] for kind, value in asked if kind == "uscc"}
    staying = {value[ORGANISATION_PART] for kind, value in held - asked if kind == "uscc"}
    for kind, value in held:
        if (
            kind == "organisation_code"
            and value in leaving ^ staying
            and (value in leaving) != ((kind, value) in asked)
        ):
            raise ChengxinError(
                "organisation_code_apart",
                f"组织机构代码 {value} 是统一社会信用代码的一部分，须与其一同移走或留下",
                f"the organisation code {value} is part of a credit code and goes or stays with it",
                where=value,
            )
