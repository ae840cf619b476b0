"""What can go wrong with keys, seals and signatures, said without a byte of what they protect."""

from __future__ import annotations

from chengxin.base.errors import ChengxinError


class WrongSignature(ChengxinError):
    """A signature is not by one of the expected keys over exactly this message."""

    def __init__(self, where: str = "") -> None:
        super().__init__(
            "wrong_signature",
            "签名不符：内容被改动过，或不是所列公钥签的。请停止使用这份材料，向签发单位核对",
            "the signature does not fit: the content was changed, or none of the listed keys signed it; "
            "stop using it and ask the issuer",
            where=where,
        )


class WrongSeal(ChengxinError):
    """Sealed bytes do not open: changed, moved to another place, or sealed with another key."""

    def __init__(
        self,
        where: str = "",
        *,
        code: str = "wrong_seal",
        zh: str = "密文打不开：被改动过、被挪了位置或不是这把密钥加密的。请停止操作，保留现场并报告安全管理员",
        en: str = "sealed data does not open: it was changed, moved, or sealed with another key; "
        "stop, keep everything as it is and tell the security officer",
    ) -> None:
        super().__init__(code, zh, en, where=where)


class KeyMissing(WrongSeal):
    """The key that sealed this, or the only key of a purpose, is not in the key folder."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            key_id,
            code="key_missing",
            zh=f"密钥目录里没有密钥 {key_id}，请从密钥备份恢复该文件；不要新造密钥代替，旧数据会永远打不开",
            en=f"the key {key_id} is not in the key folder: restore its file from the backup of the keys; "
            "a new key in its place would never open the old data",
        )


class KeysUnsafe(ChengxinError):
    """Key files cannot be trusted as they lie: others can read them, they are damaged, or some were removed."""


class WrongPurpose(ChengxinError):
    """A key was asked to do what its purpose is not for; only a mistake in a program leads here."""

    def __init__(self, purpose: str, wanted: str) -> None:
        super().__init__(
            "wrong_purpose",
            f"密钥用途“{purpose}”不能用于 {wanted}，可用的用途见 chengxin keys list",
            f"the key purpose {purpose!r} does not {wanted}: see chengxin keys list",
            where=purpose,
        )
