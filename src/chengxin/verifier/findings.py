"""What can be wrong with an audit trail, each kind with its code and a sentence in both languages."""

from __future__ import annotations

from dataclasses import dataclass, field

KINDS: dict[str, tuple[str, str]] = {
    "event_changed": ("事件内容被改动", "the content of an event was changed"),
    "event_deleted": ("事件被删除", "an event was deleted"),
    "event_inserted": ("树建成之后塞入了事件", "an event was put in behind the tree's back"),
    "subject_swapped": ("事件的当事主体被调换", "the subject of an event was exchanged for another"),
    "back_dated": ("事件的时间早于写入它之前的事件", "an event claims to be older than what was written before it"),
    "dated_ahead": ("事件的时间晚于它的检查点", "an event claims to be later than its checkpoint"),
    "order_changed": ("事件的次序被调换", "the order of events was changed"),
    "tail_cut": ("末尾的事件被截去", "events at the end were cut off"),
    "history_rewritten": ("历史被整体改写", "the history was written anew"),
    "restored_backup": ("数据库被旧备份替换", "the database was replaced by an old backup"),
    "rolled_back": ("数据库回退后又继续运行", "the database was set back and went on from there"),
    "split_view": ("对不同见证方出示了不同的历史", "different histories were shown to different witnesses"),
    "leaf_changed": ("叶子杂凑值被改动", "the hash of a leaf was changed"),
    "leaf_is_node": ("用中间节点冒充叶子", "a node was passed off as a leaf"),
    "node_changed": ("中间节点被改动", "a node of the tree was changed"),
    "checkpoint_changed": ("检查点被改动", "a checkpoint was changed"),
    "checkpoint_deleted": ("检查点被删除", "a checkpoint was deleted"),
    "checkpoint_replayed": ("旧检查点被重复使用", "an old checkpoint was used again"),
    "wrong_key": ("检查点不是可信公钥签的", "a checkpoint was signed with a key that is not trusted"),
    "bad_signature": ("检查点的签名不符", "the signature of a checkpoint does not hold"),
    "personal_text_changed": ("事件附带的文字被改动", "the text of an event was changed"),
    "personal_text_missing": ("事件附带的文字不见了，却没有依法删除的记录",
                              "the text of an event is gone, and no lawful erasure is on record"),
    "personal_text_added": ("事件被添上了原来没有的文字", "a text was added to an event that had none"),
    "other_log": ("检查点属于另一份日志", "a checkpoint belongs to another log"),
    "unreadable": ("检查点读不出来", "a checkpoint cannot be read"),
    "fact_changed": ("已封存的业务记录被改动", "a sealed fact was changed"),
    "fact_deleted": ("已封存的业务记录被删除", "a sealed fact was deleted"),
    "fact_inserted": ("封存之后塞入了业务记录", "a fact was put in among those sealed long ago"),
    "seal_changed": ("记录的封存数据被改动", "the digests of sealed facts were changed"),
    "seal_missing": ("记录的封存数据被删除", "the digests of sealed facts were deleted"),
    "seal_invented": ("出现了没有审计事件的封存数据", "there are digests of facts that no event vouches for"),
    "sealed_late": ("早已封存完毕的范围里又封存了业务记录", "a fact was sealed where all had been sealed long ago"),
    "sealed_twice": ("同一业务记录被封存两次", "a fact was sealed twice"),
    "facts_not_sealed": ("业务记录过了期限仍未封存", "facts have not been sealed although it is time"),
}  # fmt: skip
"""Code -> what it means, in Chinese and English."""

NOTICES: dict[str, tuple[str, str]] = {
    "nothing_witnessed": (
        "没有任何见证方的检查点：截尾、整体改写和旧备份都无法发现",
        "no checkpoint of any witness was given: a cut tail, a rewritten history or an old backup cannot be seen",
    ),
    "not_yet_witnessed": ("最近的检查点还没有见证方保存", "the last checkpoint is not yet with any witness"),
}
"""What is no tampering but has to be said."""


@dataclass(frozen=True)
class Finding:
    """One kind of tampering and where it was first met.

    ``position`` is that of the leaf (from 0), ``event`` the event's number, ``checkpoint`` a checkpoint's; each is None
    where it has no meaning. ``count`` says how many places there are of this kind, ``detail`` names what was compared.
    Of a fact, position and event are those of its seal, and ``detail`` names table, row and the range sealed with it.
    """

    code: str
    position: int | None = None
    event: int | None = None
    checkpoint: int | None = None
    detail: str = ""
    count: int = 1

    def as_dict(self) -> dict[str, object]:
        """Return the finding for ``--json``."""
        zh, en = KINDS[self.code]
        return {
            "code": self.code, "message": zh, "message_en": en, "position": self.position, "event": self.event,
            "checkpoint": self.checkpoint, "detail": self.detail, "count": self.count,
        }  # fmt: skip


@dataclass
class Findings:
    """Collects findings: of each kind the first place is kept, and how many there are."""

    held: dict[str, Finding] = field(default_factory=dict)

    def add(self, found: Finding) -> None:
        """Add a finding; the one with the lowest position or checkpoint stands for its kind."""
        known = self.held.get(found.code)
        if known is None:
            self.held[found.code] = found
            return
        first = min(known, found, key=_place)
        self.held[found.code] = Finding(
            first.code, first.position, first.event, first.checkpoint, first.detail, known.count + found.count
        )

    def first(self) -> list[Finding]:
        """Return one finding of each kind, the earliest place first."""
        return sorted(self.held.values(), key=_place)


def _place(found: Finding) -> tuple[int, int, int]:
    far = 1 << 62
    return tuple(far if one is None else one for one in (found.position, found.checkpoint, found.event))  # type: ignore[return-value]


@dataclass(frozen=True)
class Report:
    """The outcome: what was verified, how long it took, and what is wrong.

    ``root`` is the root over all leaves that were found, as hexadecimal; ``trusted`` the size of the largest checkpoint
    of a witness that holds. ``facts`` rows are as they were sealed, in ``seals`` seals; ``unsealed`` are the newest,
    which no seal covers yet.
    """

    events: int
    leaves: int
    checkpoints: int
    witnessed: int
    trusted: int
    root: str
    seconds: float
    findings: tuple[Finding, ...]
    notices: tuple[str, ...]
    facts: int = 0
    seals: int = 0
    unsealed: int = 0

    @property
    def clean(self) -> bool:
        """Return whether nothing is wrong."""
        return not self.findings

    def as_dict(self) -> dict[str, object]:
        """Return the report for ``--json``."""
        return {
            "clean": self.clean, "events": self.events, "leaves": self.leaves, "checkpoints": self.checkpoints,
            "witnessed": self.witnessed, "trusted": self.trusted, "root": self.root, "seconds": self.seconds,
            "facts": self.facts, "seals": self.seals, "unsealed": self.unsealed,
            "findings": [one.as_dict() for one in self.findings],
            "notices": [
                {"code": one, "message": NOTICES[one][0], "message_en": NOTICES[one][1]} for one in self.notices
            ],
        }  # fmt: skip
