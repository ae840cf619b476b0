"""The small city in which things go wrong."""

from __future__ import annotations

from chengxin.testing.city import city

__all__ = ["city"]
