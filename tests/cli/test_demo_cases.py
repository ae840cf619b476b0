"""The demo's cases for officers: one of each kind of conflict, a question, a held batch, proposals; and only once."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from chengxin.accounts.actions.load_organisations import LoadOrganisations
from chengxin.accounts.actor import officer_actor
from chengxin.accounts.models import Officer
from chengxin.base.city import load_city
from chengxin.cli.demo_access import make_access
from chengxin.cli.demo_cases import ask_registrar, make_cases
from chengxin.cli.demo_city import build_files, import_files
from chengxin.conversion.actions.correct import AnswerCorrection
from chengxin.conversion.models import Conflict, Feed, Pair, Request
from chengxin.intake.actions.release_batch import ReleaseBatch
from chengxin.intake.models import Batch
from chengxin.records.models import LinkProposal
from chengxin.subjects.models import Relation
from chengxin.testing.ends import as_role

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.cli.demo_state import Access

NOW = datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = date(2026, 3, 2)
BODIES = 120


def quiet(step: str, done: int, whole: int) -> None:
    assert done <= whole, step


class Demo:
    """A demo's folder and database, with the steps that make its cases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.city = load_city("kunshan")
        LoadOrganisations(self.city).execute()
        self.access: Access = make_access(folder, self.city, NOW)
        self.files = build_files(folder, self.city, seed=1, bodies=BODIES, today=TODAY, report=quiet)
        import_files(self.files.files[:4], self.city, quiet)  # the registers and one file of facts

    def make(self) -> None:
        with as_role("worker"):
            make_cases(self.folder, self.city, self.files, self.access, self.files.today, quiet)
        with as_role("office"):
            ask_registrar(self.access)

    def counts(self) -> dict[str, int]:
        tables = (Conflict, Request, Feed, Pair, Batch, LinkProposal, Relation)
        return {table.__name__: table._default_manager.count() for table in tables}

    def officer(self, role: str, organisation: str) -> Officer:
        name = next(
            one.username for one in self.access.officers if (one.role, one.organisation) == (role, organisation)
        )
        return Officer.objects.select_related("organisation").get(username=name)


@pytest.fixture
def demo(own_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Demo:
    assert own_database
    monkeypatch.setenv("CHENGXIN_NOW", NOW.isoformat())
    monkeypatch.setenv("CHENGXIN_DATA", str(tmp_path))
    made = Demo(tmp_path)
    made.make()
    return made


def test_every_kind_of_case_is_there_once_and_only_once(demo: Demo) -> None:
    kinds = Counter(Conflict.objects.values_list("kind", flat=True))
    assert set(kinds) == set(Conflict.Kind.values)
    held = Batch.objects.get(state="held")
    assert (held.submitted_by, held.channel, held.item) == ("ks-scjg", "office", "penalty")
    assert LinkProposal.objects.filter(state="open").exists()
    assert Relation.objects.filter(state="proposed").exists()
    (asked,) = Request.objects.all()
    assert (asked.state, asked.conflict.kind, asked.organisation.code) == ("open", "two_bodies", "ks-scjg")
    assert asked.asked_by == "ks-xyzx"
    before = demo.counts()
    demo.make()
    assert demo.counts() == before


def test_the_officers_of_the_demo_can_act_on_the_cases_and_what_they_did_is_left_as_it_is(demo: Demo) -> None:
    request = Request.objects.get()
    registrar = officer_actor(demo.officer("submitter", "ks-scjg"))
    AnswerCorrection(registrar, request.pk, "stays", NOW, document="昆市监函〔2026〕1号").execute()
    releaser = officer_actor(demo.officer("releaser", "ks-scjg"))
    batch = Batch.objects.get(state="held")
    ReleaseBatch(releaser, batch.pk, release=False, reason="请核对后重新报送", now=NOW, queue=False).execute()
    before = demo.counts()
    demo.make()
    assert demo.counts() == before
    assert Request.objects.get().state == "answered"
