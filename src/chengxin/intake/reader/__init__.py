"""Reading files that may be hostile: judged by content, parsed in a throw-away process, spooled as text.

``read_table`` is the way in; everything else here is its machinery. Refusals and notices are listed, with
their Chinese and English sentences, in ``messages.csv``.
"""

from chengxin.intake.reader.limits import DEFAULT, Limits
from chengxin.intake.reader.outcome import FileRefused, Notice, ReaderFailed, Reading, Where, codes, sentence
from chengxin.intake.reader.sandbox import read_table

__all__ = [
    "DEFAULT",
    "FileRefused",
    "Limits",
    "Notice",
    "ReaderFailed",
    "Reading",
    "Where",
    "codes",
    "read_table",
    "sentence",
]
