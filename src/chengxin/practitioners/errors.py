"""What this room refuses. No message repeats a number or a name."""

from __future__ import annotations

from chengxin.base.errors import ChengxinError, NotFound


class NothingToShow(NotFound):
    """One answer for unknown, ambiguous, closed and not yours: whoever tries things out learns nothing."""

    def __init__(self) -> None:
        super().__init__(
            "nothing_to_show",
            "没有查到可以提供的信息，请核对执业类别、证号，或姓名和执业单位",
            "nothing to show: check the occupation and the licence number, or the name and the employer",
        )


class TooManyLooks(ChengxinError):
    """The officer's limit is reached, or too many looks led nowhere; an end answers 429."""

    def __init__(self, minutes: int) -> None:
        self.minutes = minutes
        super().__init__(
            "too_many_looks",
            f"查询次数超过限额或多次未查到，已暂停查询，请约 {minutes} 分钟后再试；确有需要请联系信用中心",
            f"too many looks, or too many that led nowhere: try again in about {minutes} minutes",
        )


class NumberWrong(ChengxinError):
    """An identity number cannot be one; the code says why, and nothing says which."""


class FileNotTaken(ChengxinError):
    """The file as a whole is not taken in; nothing of it is kept."""


class TextHasNumber(ChengxinError):
    """A text that is kept in the open carries an identity number or a telephone."""

    def __init__(self, where: str) -> None:
        super().__init__(
            "text_has_number",
            "此处不能填写身份证号或电话，请删去后重新提交",
            "no identity number and no telephone here: take it out",
            where=where,
        )


class IdentityDiffers(ChengxinError):
    """What the second officer read in the document is not what was asked for; which part is not said."""

    def __init__(self) -> None:
        super().__init__(
            "identity_differs",
            "填写的新姓名或新号码与申请不一致，请对照证明文书核对；申请有误时请选“不同意”，由申请人重新申请",
            "the new name or number is not what was asked for: compare with the document; where the request is wrong, "
            "refuse it and let it be asked for anew",
            where="new_name",
        )
