"""Names for MLflow: whatever they are, they come back, and MLflow takes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comet_async.handover import decoded, encoded

PIECES = st.sampled_from(["_x", "7C", "_", "/", ".", "..", "|", "\n", "\x00", "é", " ", "x0_"])
NAMES = st.one_of(st.text(max_size=20), st.lists(PIECES, max_size=8).map("".join))


@given(NAMES)
def test_names_come_back(name: str) -> None:
    assert decoded(encoded(name)) == name


@given(NAMES, NAMES)
def test_different_names_have_different_keys(one: str, two: str) -> None:
    assert (encoded(one) == encoded(two)) == (one == two)


@given(st.one_of(NAMES, st.text(min_size=200, max_size=400)))
def test_mlflow_takes_them(name: str) -> None:
    validation = pytest.importorskip("mlflow.utils.validation")
    key = encoded(name)
    validation._validate_metric_name(key)
    validation._validate_tag_name(key)
    validation._validate_length_limit("key", 250, key)
