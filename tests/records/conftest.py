"""The small city these tests live in."""

from chengxin.testing.city import city

__all__ = ["city"]
