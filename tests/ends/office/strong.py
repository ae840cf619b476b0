"""Officers with an authenticator app, and how they log in completely in a browser of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chengxin.accounts.second_factors import STEP, add_totp, totp_code
from chengxin.ends.office.keys import keyring
from chengxin.testing.ends import RoleClient
from chengxin.testing.making import PASSWORD

if TYPE_CHECKING:
    from chengxin.accounts.models import Officer

SECRET = b"12345678901234567890"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"


def code_now(office: Any) -> str:
    """Return what the authenticator app shows."""
    return totp_code(SECRET, int(office.now.timestamp()) // STEP)


def give_app(office: Any, officer: Officer) -> None:
    """Give the officer an authenticator app."""
    add_totp(officer, SECRET, code_now(office), office.now, keyring())
    office.later(seconds=31)


def strange_browser(agent: str = FIREFOX, address: str = "10.9.9.9") -> RoleClient:
    """Return a browser that nobody has logged in with, somewhere else."""
    return RoleClient("office", HTTP_USER_AGENT=agent, REMOTE_ADDR=address)


def come_in(office: Any, browser: Any, username: str = "zhang") -> Any:
    """Log in with password and code; each code opens once, so half a minute passes first."""
    office.later(seconds=31)
    browser.post("/log-in/", {"username": username, "password": PASSWORD})
    return browser.post("/log-in/second/", {"code": code_now(office)})


def guess(browser: Any, times: int, username: str = "zhang") -> list[int]:
    """Try wrong passwords and return the answers."""
    return [
        browser.post("/log-in/", {"username": username, "password": f"wrong {number}"}).status_code
        for number in range(times)
    ]
