"""The rehearsal city: invented bodies, departments' files in three field generations, and the truth.

Demo, tests and benchmarks all live in it. Nothing here stands for anybody: names are composed from a table of
characters, organisation codes start where none is known to be given out, and identity numbers lie in a
region that does not exist.
"""

from chengxin.rehearsal.bulk import write_penalty_file, write_registration_file
from chengxin.rehearsal.stage import Rehearsal, rehearse
from chengxin.rehearsal.truth import Expected, RehearsalFile

__all__ = [
    "Expected",
    "Rehearsal",
    "RehearsalFile",
    "rehearse",
    "write_penalty_file",
    "write_registration_file",
]
