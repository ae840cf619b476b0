"""What the identifiers say to officers and citizens: Chinese first, each with an English translation.

The texts stand in ``data/messages.csv`` and are part of the API; braces hold facts about the text examined.
"""

from dataclasses import dataclass
from functools import cache

from chengxin.kernel.identifiers.model import Severity
from chengxin.kernel.identifiers.tables import rows


@dataclass(frozen=True)
class Message:
    """One message: how grave it is, and its wording in both languages."""

    severity: Severity
    zh: str
    en: str


@cache
def messages() -> dict[str, Message]:
    """Give every message by its code.

    Raises:
        ValueError: if the table names a severity that does not exist.
    """
    return {row["code"]: Message(Severity(row["severity"]), row["zh"], row["en"]) for row in rows("messages.csv")}
