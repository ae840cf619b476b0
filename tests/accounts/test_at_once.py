"""Two who do the same at the same moment: what may happen once happens once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction

from chengxin.accounts.actions.approvals import AskApproval, DecideApproval, NotApproved, use_approval
from chengxin.accounts.actor import MERGE_BODIES, Actor, officer_actor
from chengxin.accounts.second_factors import (
    STEP,
    add_totp,
    make_recovery_codes,
    totp_code,
    use_recovery_code,
    use_totp,
)
from chengxin.base.errors import ChengxinError
from chengxin.crypto import load_keyring
from chengxin.testing.making import NOW, make_officer, make_organisation

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = {"from": 7, "into": 9}
SECRET = b"12345678901234567890"


@pytest.fixture
def asker(own_database: str) -> Actor:
    """Give an officer whose question another one agreed to."""
    assert own_database
    market = make_organisation("market")
    zhang = officer_actor(make_officer(market, "zhang", "reviewer"))
    asked = AskApproval(zhang, MERGE_BODIES, "body", "7", CONTENT, "重复", NOW).execute()
    DecideApproval(officer_actor(make_officer(market, "li", "reviewer")), asked.pk, True, "已核对", NOW).execute()
    return zhang


def test_of_those_who_use_an_approval_at_once_one_does(asker: Actor) -> None:
    def use(_: int) -> str:
        try:
            with transaction.atomic():
                return use_approval(asker, MERGE_BODIES, "body", "7", CONTENT, NOW).used_by
        except NotApproved:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(use, range(4))) == ["refused"] * 3 + ["zhang"]


def test_outside_a_transaction_nothing_is_used(asker: Actor) -> None:
    with pytest.raises(ChengxinError) as caught:
        use_approval(asker, MERGE_BODIES, "body", "7", CONTENT, NOW)
    assert caught.value.code == "approval_outside_transaction"


def test_of_the_processes_that_are_shown_one_code_one_opens(own_database: str, tmp_path: Path) -> None:
    assert own_database
    keyring = load_keyring(tmp_path / "keys")
    zhang = make_officer(make_organisation())

    def code(moment: float) -> str:
        return totp_code(SECRET, int(moment) // STEP)

    add_totp(zhang, SECRET, code(NOW.timestamp()), NOW, keyring)
    recovery = make_recovery_codes(zhang, NOW)[0]
    now = NOW + timedelta(seconds=STEP)

    def use(number: int) -> bool:
        try:
            if number % 2:
                return use_recovery_code(zhang, recovery, now)
            return use_totp(zhang, code(now.timestamp()), now, keyring)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(use, range(6)))
    assert (sum(outcomes[::2]), sum(outcomes[1::2])) == (1, 1)
