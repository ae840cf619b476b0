"""What a JSON schema cannot say about this API's data, told to schemathesis: check characters, days that have come.

Loaded by the command line of schemathesis (``SCHEMATHESIS_HOOKS``), in a process of its own.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import schemathesis
from hypothesis import strategies as st

from chengxin.kernel.identifiers import identify
from chengxin.kernel.identifiers.uscc import make_uscc

_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODES = st.builds(make_uscc, st.just("9"), st.just("1"), st.just("320583"), st.text(_SIGNS, min_size=8, max_size=8))
_ON_FILE = st.just("91320583187588026H")
_VALID = st.one_of(_ON_FILE, _CODES.filter(lambda code: str(identify(code).verdict) == "valid"))
_WORDS = st.text("政府采购投标资格审查 abc：〔〕2026", min_size=2, max_size=60).filter(lambda one: len(one.strip()) > 1)
_BEFORE_THE_FIRST = date(2020, 1, 1)

schemathesis.openapi.format("uscc", _VALID)
schemathesis.openapi.format("body-code", _VALID)
schemathesis.openapi.format("old-code", _VALID)
schemathesis.openapi.format("one-line", _WORDS)

_OLD_CODES = {
    "registration_number": "320583099000010",
    "organisation_code": "187588026",
    "tax_number": "320583187588026",
}
"""A code of each kind: the kind stands in a parameter of its own, which a format cannot see."""


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Give a well-formed code the shape of the kind it is asked as."""
    assert context is not None
    assert kwargs is not None
    asked = case.path_parameters or {}
    if asked.get("kind") in _OLD_CODES and identify(str(asked.get("value"))).normalised == asked.get("value"):
        asked["value"] = _OLD_CODES[asked["kind"]]


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Ask about days that have come: which day it is stands in no schema."""
    assert context
    try:
        asked = date.fromisoformat(body["on"])
    except (TypeError, KeyError, ValueError):
        return body
    if asked >= _BEFORE_THE_FIRST:
        body["on"] = (_BEFORE_THE_FIRST - timedelta(days=asked.toordinal() % 3650)).isoformat()
    return body
