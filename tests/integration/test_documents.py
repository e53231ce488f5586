"""README and guides are true: every block runs, prints what is shown, and every link leads on."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from comet_async import errors
from comet_async.server import DominoServer, LocalServer, serve_in_thread
from tests.support.command_line import isolate
from tests.support.documents import ROOT, Reader, blocks, documents, same

pytestmark = pytest.mark.once

DOCUMENTS = {str(path.relative_to(ROOT)): path for path in documents()}
WITH_CODE = [
    name
    for name, path in DOCUMENTS.items()
    if any(
        block.language in {"python", "console", "pycon"}
        for block in blocks(path.read_text("utf-8"))
    )
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder, with the sample runs and a Domino behind what the environment names."""
    isolate(monkeypatch, tmp_path)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    with (
        serve_in_thread(LocalServer(sample=True)) as comet,
        serve_in_thread(DominoServer()) as domino,
    ):
        for name, value in {
            "COMET_URL_OVERRIDE": comet.url,
            "COMET_API_KEY": "any-key",
            "DOMINO_API_HOST": domino.url,
            "DOMINO_USER_API_KEY": "any-key",
        }.items():
            monkeypatch.setenv(name, value)
        yield work


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", WITH_CODE)
def test_every_block_runs_and_prints_what_is_shown(name: str, folder: Path) -> None:
    assert Reader(DOCUMENTS[name], folder).read() > 0


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_to_a_file_or_heading(name: str) -> None:
    path = DOCUMENTS[name]
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(path)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, heading = target.partition("#")
        there = path.parent / file if file else path
        if not there.exists() and there.suffix == ".md" and "docs" in path.parts:
            continue  # a page that the site makes; its build refuses what is missing
        assert there.exists(), f"{name}: {target}"
        assert not heading or heading in headings(there), f"{name}: {target}"


def test_every_error_is_in_the_guide() -> None:
    guide = (ROOT / "comet_async/docs/guides/troubleshooting.md").read_text("utf-8")
    kinds = [name for name in errors.__all__ if isinstance(getattr(errors, name), type)]
    assert [name for name in kinds if f"`{name}" not in guide and name != "Attempt"] == []


def without_code(path: Path) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def headings(path: Path) -> set[str]:
    """Return the anchors of a page, as GitHub and MkDocs make them."""
    titles = re.findall(r"^#+ (.+)$", without_code(path), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", title.lower()) for title in titles]
    return {re.sub(r"[ -]+", "-", title).strip("-") for title in plain}


def document(folder: Path, text: str) -> Path:
    path = folder.parent / "page.md"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "```python\nassert False\n```\n",
        "```python\nprint(1)\n```\n\n```text\n2\n```\n",
        "```python\nasync def f(): return 1\nprint(await f())\n```\n```text\n2\n```\n",
        '```python title="A script"\nraise SystemExit(3)\n```\n',
        '```python title="kept.py"\nprint(1)\n```\n',
        '```python title="Not run"\nprint(1)\n```\n',
        "```console\n$ echo 1\n2\n```\n",
        "```console\n$ comet-async verify no-such-folder\n```\n",
        "```console\n$ comet-async no-such-command\n```\n",
        "```console\n$ pip install 'comet_async[no_such_extra]'\n```\n",
        "```console\n$ pytest tests/no_such_folder\n```\n",
        "```pycon\n>>> 1 + 1\n3\n```\n",
        "```bash\necho 1\n```\n",
        "```\nprint(1)\n```\n",
    ],
)
def test_a_block_that_is_not_true_is_found(text: str, folder: Path) -> None:
    with pytest.raises(AssertionError):
        Reader(document(folder, text), folder).read()


def test_a_document_is_read_in_order(folder: Path) -> None:
    text = """
```python
x = 1
print("so it is:", x, "a text that differs")
```

```text
so it is: 1 ...
```

```python title="kept.py"
import sys
print(len(sys.argv))
```

```console
$ python kept.py a b
3
$ export NUMBER=7 && false
$ echo $? $NUMBER
```

```python title="Not run here: needs a GPU"
1 / 0
```
"""
    with pytest.raises(AssertionError, match="exit code 1"):
        Reader(document(folder, text), folder).read()
    (folder / ".bin").rename(folder / ".bin-before")
    better = text.replace("&& false", "; false").replace("$ echo $? $NUMBER", "$ echo $?\n1")
    assert Reader(document(folder, better), folder).read() == 3
    assert os.environ["COMET_API_KEY"] == "any-key"


def test_three_dots_stand_for_any_text() -> None:
    assert same("7 of ... in  1 s", "7 of 9\nor 10 in 1 s\n")
    assert not same("7 of 9", "7 of 10")
