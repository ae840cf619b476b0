"""The work under way: the worker, batches that stand still, checkpoints and seals of the evidence, and the calendar."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

from chengxin.kernel.calendar import WorkCalendar, legal_day
from chengxin.operations.doctor.frame import Check, Complaint, Patient, Severity
from chengxin.operations.settings import load_settings
from chengxin.records.sealing_settings import sealing_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

NOTICE_MONTH = 12
"""From this month on the next year's holidays should be announced: the State Council's notices came out by November."""


def beats(patient: Patient) -> list[datetime]:
    """Return the last heartbeat of every worker that did not end in order."""
    return [cast("datetime", row[0]) for row in patient.rows("SELECT last_heartbeat FROM procrastinate_workers")]


def served(patient: Patient) -> bool:
    """Return whether a worker is alive: the installation is being served."""
    silence = timedelta(seconds=load_settings().worker_silence_seconds)
    return any(patient.now - beat < silence for beat in beats(patient))


def worker_silent(patient: Patient) -> Iterator[Complaint]:
    """Look whether a worker that began still gives signs of life."""
    held = beats(patient)
    if held and not served(patient):
        seconds = (patient.now - max(held)).total_seconds()
        yield Complaint(
            "worker_silent",
            Severity.WRONG,
            f"后台任务进程已 {seconds:.0f} 秒没有心跳",
            f"the worker has been silent for {seconds:.0f} s",
            "查看 log/worker.log，重新启动 chengxin worker（或 chengxin-worker.service）",
            "see log/worker.log and start chengxin worker (chengxin-worker.service) again",
        )
    if not held:
        yield Complaint(
            "not_served",
            Severity.NOTE,
            "平台现在没有运行",
            "the installation is not being served at the moment",
            "需要时运行 chengxin serve",
            "run chengxin serve when it should be",
        )


def batches_stuck(patient: Patient) -> Iterator[Complaint]:
    """Look for batches that have stood still for too long."""
    minutes = load_settings().batch_minutes
    for number, state, since in patient.rows(
        "SELECT id, state, state_at FROM intake_batch WHERE state NOT IN ('published', 'refused', 'held') ORDER BY id"
    ):
        age = patient.now - cast("datetime", since)
        if age > timedelta(minutes=minutes):
            yield Complaint(
                "batch_stuck",
                Severity.WRONG,
                f"批次 {number} 停在“{state}”已 {age.total_seconds() / 60:.0f} 分钟",
                f"batch {number} has been in {state} for {age.total_seconds() / 60:.0f} minutes",
                "确认后台任务进程在运行；重启它会从头重做该批次，不会重复入库",
                "see that the worker runs; started again it does the batch over, nothing is loaded twice",
                str(number),
            )


def checkpoint_old(patient: Patient) -> Iterator[Complaint]:
    """Look how long ago a witness had the last checkpoint, while the installation is served."""
    if not served(patient):
        return
    covered = cast("datetime | None", patient.ask("SELECT covered_at FROM audit_tree"))
    limit = load_settings().checkpoint_seconds
    age = None if covered is None else (patient.now - covered).total_seconds()
    if age is None or age > limit:
        shown = "从来没有" if age is None else f"已 {age:.0f} 秒没有"
        yield Complaint(
            "checkpoint_old",
            Severity.WRONG,
            f"{shown}检查点交到见证方",
            f"no witness has had a checkpoint for {'ever' if age is None else f'{age:.0f} s'}",
            "chengxin audit state 说明原因；四小时后平台会停止涉及主体的读写",
            "chengxin audit state says why; after four hours nothing about a subject is read or written",
        )


def facts_unsealed(patient: Patient) -> Iterator[Complaint]:
    """Look how long ago every fact had its seal, while the installation is served; before the first nothing is owed.

    The sealing of an installation's old facts after an upgrade is under way, and only to be watched.
    """
    known = list(patient.rows("SELECT sealed_at FROM records_sealing ORDER BY sealed_at NULLS FIRST LIMIT 1"))
    if not known or not served(patient):
        return
    sealed_at = cast("datetime | None", known[0][0])
    age = None if sealed_at is None else (patient.now - sealed_at).total_seconds()
    if age is None or age > sealing_settings().late_seconds:
        yield Complaint(
            "facts_unsealed",
            Severity.WATCH if age is None else Severity.WRONG,
            "原有业务记录还没有全部封存" if age is None else f"业务记录已 {age:.0f} 秒没有全部封存",
            "the facts on file are not all sealed yet"
            if age is None
            else f"facts have not been sealed for {age:.0f} s",
            "封存由 chengxin audit keep 每分钟进行，原因见它的日志 log/evidence.log；封存之前的改动事后无法发现",
            "chengxin audit keep seals each minute, and log/evidence.log says why not; what is changed before it is "
            "sealed cannot be found out later",
        )


def calendar_missing(patient: Patient) -> Iterator[Complaint]:
    """Look whether the holidays of this year, and late in it of the next, are known."""
    today = legal_day(patient.now)
    years = [today.year] + ([today.year + 1] if today.month >= NOTICE_MONTH else [])
    known = WorkCalendar().announced_years
    for year in years:
        if year not in known:
            yield Complaint(
                "calendar_missing",
                Severity.WRONG if year == today.year else Severity.WATCH,
                f"没有 {year} 年的放假安排，期限只能暂定",
                f"the holidays of {year} are not known: deadlines are provisional",
                "升级依赖 holidays，或在城市配置里填写当年的放假安排",
                "update the package holidays, or enter them in the city's profile",
                str(year),
            )


CHECKS = (
    Check("worker_silent", "后台任务进程", "the worker", worker_silent),
    Check("batch_stuck", "批次", "batches", batches_stuck),
    Check("checkpoint_old", "审计检查点", "checkpoints", checkpoint_old),
    Check("facts_unsealed", "业务记录封存", "seals of facts", facts_unsealed),
    Check("calendar_missing", "放假安排", "the calendar", calendar_missing),
)
