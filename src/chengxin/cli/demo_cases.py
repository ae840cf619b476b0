"""The demo's cases for officers: conflicts of codes, an open request, a held batch, proposals; made once, by the rules.

Each step looks for what an earlier run did and leaves it, whatever people have made of it since.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from chengxin.accounts.actor import officer_actor, operator
from chengxin.accounts.models import Officer
from chengxin.base.clock import system_now
from chengxin.base.context import acting
from chengxin.conversion.actions.correct import AskCorrection
from chengxin.conversion.actions.import_mapping import ImportCodeMapping
from chengxin.conversion.models import Conflict, Feed, Request
from chengxin.conversion.registrars import registrar_named
from chengxin.intake.actions.import_batch import BatchHeld
from chengxin.intake.actions.import_file import ImportFile
from chengxin.intake.models import Batch
from chengxin.intake.review.gather import propose_links
from chengxin.rehearsal.cases import write_cases
from chengxin.subjects.relations import propose_branches

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from chengxin.accounts.actor import Actor
    from chengxin.base.city import City
    from chengxin.cli.demo_city import Files
    from chengxin.cli.demo_state import Access
    from chengxin.cli.frame import Report
    from chengxin.rehearsal.cases import CaseFile

STEPS = 4
QUESTION = "国家下发数据与登记库不一致，请核实该代码属于哪一个主体，并写明依据。"


def make_cases(folder: Path, city: City, made: Files, access: Access, today: date, report: Report) -> None:
    """Make what the worker makes: everything but the question to a registrar, which an officer asks."""
    told = "待办事项 cases"
    report(told, 0, STEPS)
    cases = write_cases(city, seed=made.seed, bodies=made.bodies, out=folder / "demo" / "cases", today=today)
    if cases.registration is not None:
        _hand_in(cases.registration, operator())
    report(told, 1, STEPS)
    if not Feed.objects.filter(sha256=_digest(cases.feed.path)).exists():
        ImportCodeMapping(operator(), cases.feed.path, system_now()).execute()
    report(told, 2, STEPS)
    if cases.held is not None:
        submitter = _officer(access, "submitter", cases.held.organisation)
        _hand_in(cases.held, officer_actor(submitter) if submitter else operator())
    report(told, 3, STEPS)
    propose_links(None, system_now())
    propose_branches(system_now())
    report(told, STEPS, STEPS)


def ask_registrar(access: Access) -> None:
    """Ask a registrar about one conflict, in the name of the centre's officer; nothing where anything was ever asked.

    The registrar of the demo's first department is asked where it can be, because that one's officer can answer. It
    runs as the office end does: nobody else may ask.
    """
    officer = _officer(access, "centre")
    if officer is None:
        return
    actor = officer_actor(officer)
    with acting(actor.kind, actor.id, officer.organisation_id, actor.everywhere):
        if Request.objects.exists():
            return
        own = access.officers[0].organisation
        found = [
            (conflict, registrar)
            for conflict in Conflict.objects.filter(kind=Conflict.Kind.TWO_BODIES, state="open").order_by("pk")
            if (registrar := registrar_named(conflict.registrar)) is not None
        ]
        found.sort(key=lambda pair: pair[1].code != own)
        if found:
            conflict, registrar = found[0]
            AskCorrection(actor, conflict.pk, registrar.code, QUESTION, system_now()).execute()


def _hand_in(file: CaseFile, actor: Actor) -> None:
    """Hand the file in once; what the gate holds waits for a second officer."""
    if Batch.objects.filter(sha256=_digest(file.path), organisation__code=file.organisation).exists():
        return
    try:
        ImportFile(actor, file.organisation, file.item, file.path, system_now, channel="office").execute()
    except BatchHeld:
        return


def _officer(access: Access, role: str, organisation: str = "") -> Officer | None:
    """Return the demo's first officer of this duty, of the organisation if one is named."""
    fitting = (
        one.username
        for one in access.officers
        if one.role == role and (not organisation or one.organisation == organisation)
    )
    columns = ("username", "organisation", "roles", "is_active")
    return (
        Officer.objects.select_related("organisation")
        .only(*columns, "organisation__code", "organisation__is_active")
        .filter(username=next(fitting, ""))
        .first()
    )


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
