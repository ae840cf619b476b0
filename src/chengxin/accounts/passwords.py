"""Which passwords officers may have: long, neither common nor leaked elsewhere, free in every other respect."""

from __future__ import annotations

import os
import re
import secrets
from functools import cache
from importlib import resources
from typing import Any

import yaml
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

from chengxin.accounts.breached import breached_list
from chengxin.base.errors import ChengxinError

SHORTEST_PIECE = 3
"""Characters of a user name from which on a password that is built of it is refused."""


@cache
def load_rules() -> dict[str, Any]:
    """Return the rules of ``passwords.yaml``."""
    text = (resources.files("chengxin.accounts") / "passwords.yaml").read_text(encoding="utf-8")
    held: dict[str, Any] = yaml.safe_load(text)
    return held


@cache
def _common() -> CommonPasswordValidator:
    return CommonPasswordValidator()


def check_password(password: str, username: str = "") -> None:
    """Raise ``ChengxinError`` for a password that is too short, too long, common, leaked, or the user name in disguise.

    Leaked is what stands in the list that ``CHENGXIN_BREACHED_PASSWORDS`` names; where that cannot be used, no password
    will do. Source: OWASP ASVS 5.0, 6.2.1, 6.2.4, 6.2.5, 6.2.9, 6.2.11, 6.2.12. ``where`` is the user name.
    """
    rules = load_rules()
    least, most = int(rules["minimum_length"]), int(rules["maximum_length"])
    if len(password) < least:
        raise ChengxinError(
            "password_too_short",
            f"密码至少 {least} 个字符，请换一个更长的",
            f"a password has at least {least} characters: choose a longer one",
            where=username,
        )
    if len(password) > most:
        raise ChengxinError(
            "password_too_long",
            f"密码最多 {most} 个字符，请换一个短一些的",
            f"a password has at most {most} characters: choose a shorter one",
            where=username,
        )
    if is_common(password, username):
        raise ChengxinError(
            "password_common",
            "这个密码太常见，容易被猜中，请换一个；几个不相干的词连在一起就很好",
            "this password is common and easily guessed: choose another; a few unrelated words do well",
            where=username,
        )
    leaked = breached_list(os.environ)
    if leaked is not None and leaked.holds(password):
        raise ChengxinError(
            "password_breached",
            "这个密码在别处泄露过，已收入公开名单，请换一个；在别处用过同一密码的，也请一并更换",
            "this password leaked elsewhere and is in public lists: choose another, and change it wherever else it is "
            "used",
            where=username,
        )


def is_common(password: str, username: str = "") -> bool:
    """Return whether the password is listed, one known word with digits around it, or one piece repeated.

    >>> is_common("Kunshan20261234"), is_common("aaaaaaaaaaaaaaa"), is_common("abcabcabcabc")
    (True, True, True)
    >>> is_common("correct horse battery staple")
    False
    """
    folded = password.casefold()
    try:
        _common().validate(folded)
    except ValidationError:
        return True
    bare = _letters(folded)
    words = {_letters(str(word).casefold()) for word in load_rules()["words"]}
    if len(username) >= SHORTEST_PIECE:
        words.add(_letters(username.casefold()))
    known = "|".join(sorted(map(re.escape, words - {""}), key=len, reverse=True))
    if re.fullmatch(f"(?:{known})*", bare):
        return True
    return re.fullmatch(r"(.{1,4}?)\1+.{0,3}", folded, re.DOTALL) is not None


def _letters(text: str) -> str:
    """Return the letters of a password or word: figures and signs in it make it no harder to guess."""
    return re.sub(r"[\d\W_]+", "", text)


def initial_password() -> str:
    """Return a random password of 120 bits, to be changed at the first log-in."""
    return secrets.token_urlsafe(15)
