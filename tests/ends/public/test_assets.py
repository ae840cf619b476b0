"""Static files: their addresses change with their content, the style holds to its promises."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from django.templatetags.static import static

import chengxin.ends.public
from chengxin.ends.public.assets import build

FOLDER = Path(chengxin.ends.public.__file__).parent / "static" / "public"


@pytest.mark.parametrize("name", ["site.css", "mark.svg"])
def test_an_address_carries_the_digest_of_its_file(public_settings: None, name: str) -> None:
    digest = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]
    assert static(f"public/{name}") == f"/static/public/{name}?v={digest}"
    assert public_settings is None


def test_a_file_that_is_not_there_has_no_address(public_settings: None) -> None:
    with pytest.raises(FileNotFoundError):
        static("public/missing.css")
    assert public_settings is None


def test_the_build_is_one_digest_of_everything_shown() -> None:
    assert re.fullmatch("[0-9a-f]{12}", build())
    assert build() == build()


def test_the_style_is_one_short_file_that_loads_nothing() -> None:
    style = (FOLDER / "site.css").read_text(encoding="utf-8")
    assert len(style.splitlines()) < 500
    assert "url(" not in style
    assert "@import" not in style
    assert "prefers-color-scheme: dark" in style
    assert "@media print" in style
    assert [path.name for path in FOLDER.iterdir() if path.suffix == ".js"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("ink", "paper"),
        ("ink", "band"),
        ("ink", "notice"),
        ("quiet", "paper"),
        ("quiet", "band"),
        ("link", "paper"),
        ("link", "band"),
        ("link", "notice"),
        ("on-action", "action"),
        ("on-action", "link-strong"),
        ("on-rehearsal", "rehearsal"),
        ("on-seal", "seal"),
        ("on-focus", "focus"),
    ],
)
def test_text_stands_out_from_its_ground(scheme: str, text: str, ground: str) -> None:
    colours = _colours(scheme)
    assert _contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("part", ["edge", "one", "two"])
def test_edges_and_bars_stand_out_from_the_paper(scheme: str, part: str) -> None:
    colours = _colours(scheme)
    assert _contrast(colours[part], colours["paper"]) >= 3


def _colours(scheme: str) -> dict[str, str]:
    """Return the custom properties that hold a colour; the dark scheme overrides some of the light one's."""
    style = (FOLDER / "site.css").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block)) for block in style.split("@media", 2)[:2])
    return light | (dark if scheme == "dark" else {})


def _contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2.2 defines it, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    shares = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
