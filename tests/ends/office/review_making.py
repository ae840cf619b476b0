"""Makes proposals straight in the database, for the pages that decide about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chengxin.records.models import LinkProposal
from chengxin.records.review import evidence_digest
from chengxin.testing.making import NOW, make_record, make_subject

if TYPE_CHECKING:
    from chengxin.accounts.models import Organisation
    from chengxin.subjects.models import Subject

FAR = 10**9
"""Numbers of records beyond those that the sequence gives out during the tests."""


def candidate(subject: Subject, verdict: str = "same", score: float = 1.0) -> dict[str, Any]:
    """Return a body as a proposal's evidence holds it."""
    return {
        "subject_id": subject.pk,
        "name": subject.name,
        "uscc": subject.uscc,
        "status": subject.status,
        "registrar": subject.registrar,
        "established_on": "2010-05-01",
        "names": [{"kind": "current", "name": subject.name}, {"kind": "former", "name": "昆山旧名有限公司"}],
        "codes": [{"kind": "uscc", "value": subject.uscc}],
        "matched_name": subject.name,
        "matched_kind": "current",
        "score": score,
        "verdict": verdict,
        "reasons": [{"code": "identical", "message": "名称完全相同", "message_en": "the names are identical"}],
    }


def make_proposal(number: int, organisation: Organisation, *subjects: Subject, **more: Any) -> LinkProposal:
    """Make a waiting fact under an unknown code and a proposal about it."""
    code = f"uscc:91320583MA1{number:07d}"
    fact = make_record(FAR + number, None, identifier=code, organisation_id=organisation.pk, line=number)
    evidence = {
        "row": {
            "subject_name": f"昆山待定{number}号有限公司",
            "uscc": code.partition(":")[2],
            "document_number": fact.document_number,
            "decided_on": "2026-01-05",
            "issuer_name": organisation.name,
        },
        "candidates": [candidate(one) for one in subjects],
    }
    values = {
        "fact_key": fact.key,
        "record_id": fact.pk,
        "batch_id": 1,
        "line": number,
        "item": "licence",
        "organisation_id": organisation.pk,
        "submitted_by": "wang",
        "cause": "code_unknown",
        "name": f"昆山待定{number}号有限公司",
        "name_key": f"昆山待定{number}号有限公司",
        "identifier": code,
        "evidence": evidence,
        "digest": evidence_digest(evidence),
        "candidates": [one.pk for one in subjects],
        "state": "open" if subjects else "waiting",
        "made_at": NOW,
        "changed_at": NOW,
    }
    return LinkProposal.objects.create(**(values | more))


def make_bodies(count: int) -> list[Subject]:
    """Make ``count`` bodies with codes of their own."""
    return [make_subject(name=f"昆山登记{one}号有限公司", uscc=f"91320583MA2{one:07d}") for one in range(1, count + 1)]
