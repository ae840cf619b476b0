"""What the audit trail refuses."""

from __future__ import annotations

from chengxin.base.errors import ChengxinError


class EvidenceUnavailable(ChengxinError):
    """Evidence of this act cannot be kept, so the act does not happen: an end answers 503."""

    def __init__(self, where: str = "") -> None:
        super().__init__(
            "evidence_unavailable",
            "审计记录暂时无法保存，涉及主体的查询和办理已暂停，公示查询不受影响。请稍后再试，并通知系统管理员",
            "the audit trail cannot be kept at the moment, so nothing about a subject is read or written; public pages "
            "go on. Try again later and tell the system administrator",
            where=where,
        )


class EvidenceBroken(ChengxinError):
    """What is stored does not continue what was signed: nothing more is signed until somebody has looked."""
