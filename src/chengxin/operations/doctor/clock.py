"""Whether this machine's clock is kept right: codes of thirty seconds, signatures and the audit trail rest on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chengxin.operations.doctor.frame import Check, Complaint, Patient, Severity
from chengxin.operations.doctor.switches import severity

if TYPE_CHECKING:
    from collections.abc import Iterator


def clock_adrift(patient: Patient) -> Iterator[Complaint]:
    """Look whether a time service keeps this machine's clock; a rehearsal's may run by itself.

    A virtual machine may have its time from its host without the kernel's knowing: to be watched, not wrong.
    """
    if patient.synchronised() is False:
        yield Complaint(
            "clock_adrift",
            Severity.NOTE if severity(patient) is Severity.NOTE else Severity.WATCH,
            "本机时钟没有与时间服务器同步：动态口令只认 30 秒，时钟一偏，经办人就登录不了",
            "no time service keeps this machine's clock: codes live thirty seconds, so officers cannot log in once it "
            "drifts",
            "启用时间同步（chrony 或 systemd-timesyncd），指向本市的时间服务器，再用 timedatectl 核对",
            "run chrony or systemd-timesyncd against the city's time servers, then look with timedatectl",
        )


CHECKS = (Check("clock_adrift", "时钟同步", "keeping the clock", clock_adrift),)
