"""The seal of a ledger, also while another process breaks it or makes a new one."""

from __future__ import annotations

from pathlib import Path

import pytest

from comet_async.harvest import seals


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"as it was")
    seals.seal(path)
    return path


def test_a_changed_file_is_broken_and_its_copy_restores_it(ledger: Path) -> None:
    assert not seals.broken(ledger)
    ledger.write_bytes(b"as it waz")
    assert seals.broken(ledger)
    assert seals.restore(ledger)
    assert ledger.read_bytes() == b"as it was"
    assert ledger.with_name("ledger.damaged.sqlite").read_bytes() == b"as it waz"
    assert not seals.broken(ledger)


def test_a_missing_file_is_broken_if_it_was_sealed(ledger: Path) -> None:
    ledger.unlink()
    assert seals.broken(ledger)


def test_a_file_whose_seal_goes_while_it_is_read_is_not_broken(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(path: Path) -> str:
        seals.unseal(path)
        return "another process was first"

    monkeypatch.setattr(seals, "hash_of", meanwhile)
    assert not seals.broken(ledger)


def test_a_file_that_is_sealed_anew_while_it_is_read_is_read_again(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = seals.hash_of
    read: list[Path] = []

    def meanwhile(path: Path) -> str:
        read.append(path)
        if len(read) == 1:
            old = real(path)
            path.write_bytes(b"as the other left it")
            monkeypatch.setattr(seals, "hash_of", real)
            seals.seal(path)
            monkeypatch.setattr(seals, "hash_of", meanwhile)
            return old + "?"
        return real(path)

    monkeypatch.setattr(seals, "hash_of", meanwhile)
    assert not seals.broken(ledger)
    assert len(read) == 2
