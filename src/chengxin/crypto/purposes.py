"""What keys are for; a key of one purpose never serves another."""

from __future__ import annotations

from dataclasses import dataclass

from chengxin.crypto.errors import WrongPurpose
from chengxin.crypto.suite import Kind


@dataclass(frozen=True)
class Purpose:
    """One use of keys: its name in key ids and commands, the kind of key, and what it protects in both languages."""

    name: str
    kind: Kind
    zh: str
    en: str


PURPOSES = {
    one.name: one
    for one in (
        Purpose("checkpoint", Kind.SIGN, "审计检查点签名", "signs the checkpoints of the audit log"),
        Purpose("mapping", Kind.SIGN, "新旧代码对照签名", "signs answers about codes that replaced codes"),
        Purpose("receipt", Kind.SIGN, "回执和报告签名", "signs receipts and reports"),
        Purpose("backup", Kind.SEAL, "备份加密", "encrypts backups"),
        Purpose("sealed-number", Kind.SEAL, "证件号码加密", "encrypts identity numbers, one by one"),
        Purpose("mfa", Kind.SEAL, "第二因素密钥加密", "encrypts the secrets of officers' second factors"),
        Purpose("blind-index", Kind.BLIND, "证件号码查找索引", "finds an encrypted identity number by equality"),
    )
}


def purpose_of(name: str, kind: Kind) -> Purpose:
    """Return the purpose of this name; raise ``WrongPurpose`` when there is none or its keys are of another kind."""
    found = PURPOSES.get(name)
    if found is None or found.kind is not kind:
        raise WrongPurpose(name, kind)
    return found
