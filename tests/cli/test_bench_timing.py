"""``chengxin bench timing``: its cases do what they say, and what it prints can be read again."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chengxin.base.context import arriving
from chengxin.cli import bench_timing, timing_cases
from chengxin.cli.bench_timing import read_finding, timing
from chengxin.cli.timing import Case, Finding, Seen, measure
from chengxin.cli.timing_cases import (
    ORDER,
    code_case,
    early_exit,
    fresh,
    log_in_case,
    plain_cases,
    private_number,
    token_case,
)
from chengxin.crypto import sm2
from chengxin.ends.office.models import LogInAttempt
from chengxin.testing.making import make_client, make_officer, make_organisation

PLAIN = {one.name: one for one in plain_cases()}


@pytest.mark.parametrize("name", PLAIN)
def test_every_case_runs_with_inputs_of_both_classes(name: str) -> None:
    held = PLAIN[name]
    made = [held.prepare(which) for which in (0, 1, 0, 1)]
    outcomes = [held.run(one) for one in made]
    assert len({id(one) for one in made}) == len(made) or name.endswith("key")
    if held.classify is not None:
        assert {held.classify(given, out) for given, out in zip(made, outcomes, strict=True)} <= {0, 1}


def test_the_control_is_found_by_the_real_clock_and_compare_digest_is_fast_both_ways() -> None:
    control = PLAIN["control: early exit"]
    assert control.expected is Seen.DIFFERENCE
    found = measure(control, 3000)
    assert found.right
    assert found.difference_ns > 0  # the later the difference, the longer it looks


@pytest.mark.parametrize(("one", "other", "same"), [(b"abc", b"abc", True), (b"abc", b"abd", False), (b"", b"", True)])
def test_the_planted_compare_compares(one: bytes, other: bytes, same: bool) -> None:  # noqa: FBT001 - a case of the test
    assert early_exit((one, other)) is same


def test_a_copy_is_equal_and_another_object() -> None:
    held = secrets.token_bytes(20)
    assert fresh(held) == held
    assert fresh(held) is not held


def test_the_nonce_of_an_sm2_signature_is_computed_back_by_the_keys_holder() -> None:
    stored = sm2.make_private()
    key, private = sm2.load_private(stored), private_number(stored)
    assert 0 < private < ORDER
    held = PLAIN["SM2 sign, nonce's length"]
    assert held.classify is not None
    r, s = decode_dss_signature(sm2.sign(key, b"message"))
    nonce = (s + private * (r + s)) % ORDER
    assert s == pow(1 + private, -1, ORDER) * (nonce - r * private) % ORDER  # as GM/T 0003.2 computes it
    classes = [held.classify(None, held.run(held.prepare(0))) for _ in range(400)]
    assert 8 <= sum(classes) <= 55  # one in sixteen has four zeros in front


def test_log_ins_of_both_classes_are_refused_alike_and_none_is_locked(own_database: str) -> None:
    assert own_database
    organisation = make_organisation()
    names = [make_officer(organisation, f"officer{number}").username for number in range(3)]
    held = log_in_case(names, "log-in")
    made = [held.prepare(number % 2) for number in range(24)]
    assert [held.run(one) for one in made] == ["log_in_failed"] * 24
    assert LogInAttempt.objects.count() == 24


def test_a_name_nobody_has_asks_the_database_exactly_what_a_known_one_asks(own_database: str) -> None:
    assert own_database
    name = make_officer(make_organisation(), "officer1").username
    closed = make_officer(make_organisation("tax"), "officer2")
    type(closed).objects.filter(pk=closed.pk).update(is_active=False)
    held = log_in_case([name], "log-in")
    asked = []
    held.run(held.prepare(0))  # a new connection prepares its statements once
    for username in (name, "nobody11", closed.username):
        address, moment = held.prepare(0)[1:]  # type: ignore[index]
        with CaptureQueriesContext(
            connection,
        ) as seen:
            held.run((username, address, moment))
        asked.append([str(one["sql"])[:24] for one in seen.captured_queries])
    assert asked[0] == asked[1] == asked[2]
    assert len(asked[0]) > 3


def test_guessed_tokens_are_nobodys_and_begin_as_they_should(own_database: str) -> None:
    assert own_database
    token = make_client(make_organisation(), "checks.run")
    held = token_case(token)
    first = hashlib.sha256(token.encode()).digest()[0]
    for which in (0, 1):
        guess = str(held.prepare(which))
        assert (hashlib.sha256(guess.encode()).digest()[0] == first) == (which == 0)
        assert held.run(guess) is None
    with arriving():
        assert held.run(token) is not None


def test_codes_of_both_classes_are_wrong() -> None:
    held = code_case()
    first, last = str(held.prepare(1)), str(held.prepare(0))
    assert first[1:-1] == last[1:-1]
    assert (first[0] != last[0], first[-1] != last[-1]) == (True, True)
    assert held.run(first) is None
    assert held.run(last) is None


FOUND = Finding("a", "b, c", (10, 12), -1.5, Seen.NOTHING, (3.0, 4.0), -1.0)
CONTROL = Finding("k", "b, c", (10, 12), 99.0, Seen.DIFFERENCE, (3.0, 4.0), -1.0, Seen.DIFFERENCE)


@pytest.mark.parametrize("found", [FOUND, CONTROL])
def test_a_finding_is_read_again_as_it_was_written(found: Finding) -> None:
    assert read_finding(json.loads(json.dumps(asdict(found)))) == found


@pytest.mark.parametrize(("leak", "code"), [(False, 0), (True, 1)])
def test_a_leak_is_told_by_the_exit_code(monkeypatch: pytest.MonkeyPatch, leak: bool, code: int) -> None:  # noqa: FBT001 - a case of the test
    def measured(case: Case, count: int) -> Finding:
        seen = Seen.DIFFERENCE if leak or case.expected else Seen.NOTHING
        return Finding(case.name, case.about, (count, count), 20.0, seen, (1.0, 2.0), -1.0, case.expected)

    monkeypatch.setattr(bench_timing, "measure", measured)
    monkeypatch.setattr(timing_cases, "plain_cases", lambda: list(PLAIN.values()))
    done = CliRunner().invoke(timing, ["--without-database", "--measurements", "50", "--json"])
    assert done.exit_code == code
    held = json.loads(done.stdout)
    assert held["measurements"] == 50
    assert [one["name"] for one in held["findings"]] == list(PLAIN)
    shown = CliRunner().invoke(timing, ["--without-database", "--measurements", "50"])
    assert shown.exit_code == code
    assert "compare_digest（wrong at the last byte, at the first byte）" in shown.stdout.replace("\n", "")
