"""Keys: what is accepted, where they are read from, and that they never show (rows L1, L5)."""

from __future__ import annotations

import copy
import os
import pickle
from pathlib import Path

import msgspec
import pytest

from comet_async.credentials import FileKey, Secret, StaticKey
from comet_async.errors import UsageError

KEY = "Zk9xW2-sentinel-Qp4v"


def test_a_secret_shows_itself_to_reveal_only() -> None:
    secret = Secret(KEY)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>40}", f"{[secret]}", f"{secret!r}"]
    assert secret.reveal() == KEY
    assert all("***" in text for text in shown)
    assert not any(KEY[:10] in text or KEY[10:] in text for text in shown)


def test_a_secret_does_not_leave_the_process() -> None:
    secret = Secret(KEY)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(secret)
    with pytest.raises(TypeError, match="not pickled"):
        copy.deepcopy(secret)
    with pytest.raises(TypeError):
        msgspec.json.encode(secret)
    assert not hasattr(secret, "__dict__")


def test_secrets_compare_by_value() -> None:
    assert Secret(KEY) == Secret(f" {KEY}\n")
    assert Secret(KEY) != Secret(KEY + "x")
    assert Secret(KEY) != KEY
    assert len({Secret(KEY), Secret(KEY)}) == 1


@pytest.mark.parametrize(
    "text", [KEY, f" {KEY}\t\r\n", f'"{KEY}"', f"'{KEY}'", f' " {KEY} " ', f"\n'{KEY}'\n"]
)
def test_white_space_and_one_pair_of_quotes_are_dropped(text: str) -> None:
    assert Secret(text).reveal() == KEY


@pytest.mark.parametrize("text", ["", " ", "\n", "''", '" "'])
def test_an_empty_key_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="COMET_API_KEY is empty"):
        Secret(text, origin="COMET_API_KEY")


@pytest.mark.parametrize("bad", [" ", "\n", "\r\n", "\x00", "é", "\x7f", "\u200b"])
def test_a_key_that_no_header_can_carry_is_refused_without_echo(bad: str) -> None:
    with pytest.raises(UsageError, match="copy the key again") as caught:
        Secret(KEY[:10] + bad + KEY[10:])
    assert KEY[:10] not in str(caught.value)
    assert KEY[10:] not in repr(caught.value)


def test_a_lone_quote_is_part_of_the_key() -> None:
    assert Secret('"').reveal() == '"'
    assert Secret("'abc").reveal() == "'abc"


def test_a_header_value_is_taken_as_it_stands() -> None:
    assert Secret.header(f"Bearer {KEY}").reveal() == f"Bearer {KEY}"
    assert repr(Secret.header(KEY)) == "<Secret ***>"


def test_static_keys() -> None:
    assert StaticKey(KEY)().reveal() == KEY
    secret = Secret(KEY)
    assert StaticKey(secret)() is secret
    with pytest.raises(UsageError, match="the option is empty"):
        StaticKey("", origin="the option")


def test_a_key_file_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    credentials = FileKey(path)
    first = credentials()
    assert first.reveal() == KEY
    assert credentials() is first
    path.write_text("another-key-of-other-length")
    assert credentials().reveal() == "another-key-of-other-length"


def test_a_replaced_key_file_of_the_same_size_and_time_is_read_again(tmp_path: Path) -> None:
    path, other = tmp_path / "key", tmp_path / "new"
    path.write_text("a" * 20)
    credentials = FileKey(path)
    assert credentials().reveal() == "a" * 20
    state = path.stat()
    other.write_text("b" * 20)
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    other.replace(path)
    assert credentials().reveal() == "b" * 20


def test_a_missing_or_unreadable_key_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read the key file .*: No such file"):
        FileKey(tmp_path / "none")()
    path = tmp_path / "bytes"
    path.write_bytes(b"\xff\xfe\x00key")
    with pytest.raises(UsageError, match="not UTF-8 text") as caught:
        FileKey(path)()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_an_empty_key_file_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("\n")
    with pytest.raises(UsageError, match=r"the key file .*key is empty"):
        FileKey(path)()


def test_a_key_file_that_is_being_written_leaves_the_key_before(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\nnot the token\n")
    credentials = FileKey(path, first_line=True)
    assert credentials().reveal() == KEY
    path.write_text("")
    assert credentials().reveal() == KEY
    path.write_text("the-next-token\n")
    assert credentials().reveal() == "the-next-token"
