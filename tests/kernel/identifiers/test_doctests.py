"""The examples in the documentation are true."""

import doctest
import importlib
import pkgutil

import pytest

from chengxin.kernel import identifiers

MODULES = [identifiers.__name__] + [
    f"{identifiers.__name__}.{module.name}" for module in pkgutil.iter_modules(identifiers.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_the_module_are_true(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


def test_there_are_examples_at_all() -> None:
    attempted = sum(doctest.testmod(importlib.import_module(name)).attempted for name in MODULES)
    assert attempted >= 25
