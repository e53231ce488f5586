"""Texts of a lake as plain files."""

from __future__ import annotations

from pathlib import Path

import pytest

from comet_async import Session, comet, harvest, open_lake
from comet_async.errors import DestinationError
from comet_async.server import LocalServer, SyntheticSpec
from tests.support.lakes import make_lake, part, rows


def below(folder: Path) -> dict[str, str]:
    found = {path for path in folder.rglob("*") if path.is_file()}
    return {p.relative_to(folder).as_posix(): p.read_bytes().decode() for p in found}


async def test_every_text_of_a_harvest_has_a_file(tmp_path: Path) -> None:
    spec = SyntheticSpec(experiments=3, points=1, git_share=1.0, patch_share=1.0, html_share=1.0)
    async with (
        LocalServer(synthetic=spec) as server,
        Session(comet.service("KEY", url=server.url)) as session,
    ):
        plan = await harvest.plan(session, "synthetic")
        await harvest.run(session, plan, tmp_path / "lake", assets=False)
    lake = open_lake(tmp_path / "lake")
    wanted: dict[str, str] = {}
    names = {
        "code": ("code", "code.py"),
        "output": ("output", "output.txt"),
        "html": ("html", "page.html"),
        "graph": ("graph", "graph.txt"),
        "git": ("patch", "git.patch"),
    }
    for table, (column, name) in names.items():
        for row in lake[table].to_arrow().to_pylist():
            if row[column]:
                wanted[f"{row['experiment_key']}/{name}"] = str(row[column])
    assert len({name.rpartition("/")[2] for name in wanted}) == 5
    assert harvest.write_texts(lake, tmp_path / "texts") == len(below(tmp_path / "texts"))
    found = below(tmp_path / "texts")
    panels = {name: text for name, text in found.items() if name.startswith("panels/")}
    assert {name: text for name, text in found.items() if name not in panels} == wanted
    code = [str(row["python"]) for row in lake["panels"].to_arrow().to_pylist() if row["python"]]
    assert sorted(t for n, t in panels.items() if n.endswith("/panel.py")) == sorted(code)
    assert harvest.write_texts(lake, tmp_path / "texts") == len(found)
    assert below(tmp_path / "texts") == found


def test_names_stay_inside_and_links_are_replaced(tmp_path: Path) -> None:
    root = make_lake(tmp_path / "lake", values={"../../k": [1.0]})
    text = "line\r\nlone \ud800 half\n".encode("utf-8", "replace").decode()
    part(root, "code", rows("code", {"experiment_key": "../../k", "code": text}))
    twins = [{"template_id": n, "template_name": "a/../b", "python": f"print({n})"} for n in "12"]
    part(root, "panels", rows("panels", *twins, {"template_id": "3"}))
    target = tmp_path / "a" / "b"
    (target / "..%252F..%252Fk").mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    (target / "..%252F..%252Fk" / "code.py").symlink_to(outside)
    assert harvest.write_texts(open_lake(root), target) == 3
    found = below(target)
    assert found["..%252F..%252Fk/code.py"] == text
    assert len([name for name in found if name.startswith("panels/a%252F..%252Fb~")]) == 2
    assert outside.read_bytes() == b"mine"
    assert {path.name for path in tmp_path.iterdir()} == {"lake", "a", "outside"}


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    root = make_lake(tmp_path / "lake")
    part(root, "code", rows("code", {"experiment_key": "k1", "code": "x"}))
    (tmp_path / "file").touch()
    with pytest.raises(DestinationError, match="cannot write"):
        harvest.write_texts(open_lake(root), tmp_path / "file")
