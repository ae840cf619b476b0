"""The examples in the documentation of names are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from chengxin.kernel import names

MODULES = [names.__name__] + [f"{names.__name__}.{module.name}" for module in pkgutil.iter_modules(names.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_the_module_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples_at_all() -> None:
    assert sum(doctest.testmod(importlib.import_module(name)).attempted for name in MODULES) >= 9
