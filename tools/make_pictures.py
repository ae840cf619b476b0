"""Make the pictures of the documents from a running demo: ``make demo`` in one terminal, this in another.

Usage: .venv/bin/python tools/make_pictures.py [http://127.0.0.1:8000/]

Needs the development dependencies and a Chromium at /usr/bin/chromium.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
]
WIDTH, HEIGHT = 1280, 900
"""Size of a picture in CSS pixels: a small laptop's window."""


def take(address: str) -> Path:
    """Take the picture of the public end's first page at ``address`` and return its file."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    target = PICTURES / "public-home.png"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", locale="zh-CN", reduced_motion="reduce"
        )
        answer = page.goto(address, wait_until="load")
        if answer is None or not answer.ok:
            raise SystemExit(f"{address} 没有打开，请先运行 make demo / {address} did not open: run make demo first")
        page.screenshot(path=target)
        browser.close()
    return target


if __name__ == "__main__":
    print(take(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000/"))
