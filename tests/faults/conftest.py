"""A certificate authority that the tests of TLS trust, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import trustme


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(ca: trustme.CA) -> Iterator[str]:
    """The authority's certificate as a file."""
    with ca.cert_pem.tempfile() as path:
        yield path
