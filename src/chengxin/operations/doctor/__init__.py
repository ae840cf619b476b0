"""The doctor: says what is wrong with an installation and how to mend it. A check stands alone and changes nothing."""

from chengxin.operations.doctor.backups import CHECKS as BACKUPS
from chengxin.operations.doctor.clock import CHECKS as CLOCK
from chengxin.operations.doctor.database import CHECKS as DATABASE
from chengxin.operations.doctor.frame import Complaint, Patient, Severity, examine
from chengxin.operations.doctor.lines import CHECKS as LINES
from chengxin.operations.doctor.machine import CHECKS as MACHINE
from chengxin.operations.doctor.switches import CHECKS as SWITCHES
from chengxin.operations.doctor.work import CHECKS as WORK

ALL_CHECKS = (*MACHINE, *CLOCK, *DATABASE, *WORK, *BACKUPS, *LINES, *SWITCHES)
"""Every check, in the order in which they are made: what rests on something comes after it."""

__all__ = ["ALL_CHECKS", "Complaint", "Patient", "Severity", "examine"]
