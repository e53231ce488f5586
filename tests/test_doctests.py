"""The examples in docstrings give what they say; those that await outside a function are read."""

from __future__ import annotations

import doctest
import importlib
from collections.abc import Iterator

import pytest

from tests.test_docstrings import NAMES

BARE = ("async with ", "async for ", "await ")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def examples(name: str) -> Iterator[doctest.DocTest]:
    """Give the tests of a module without the examples that need an event loop."""
    for test in doctest.DocTestFinder().find(importlib.import_module(name)):
        test.examples = [e for e in test.examples if not e.source.startswith(BARE)]
        if test.examples:
            yield test


@pytest.mark.parametrize("name", NAMES)
def test_examples_of(name: str) -> None:
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    for test in examples(name):
        runner.run(test)
    assert runner.summarize().failed == 0


def test_there_are_examples() -> None:
    assert sum(1 for name in NAMES for _ in examples(name)) > 0
