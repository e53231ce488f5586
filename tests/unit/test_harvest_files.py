from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from comet_async.harvest.columns import AssetRow
from comet_async.harvest.files import asset_paths, file_folder
from comet_async.harvest.subjects import Subject, SubjectKind
from comet_async.server import HOSTILE_NAMES


def rows(*names: str) -> list[AssetRow]:
    return [
        AssetRow(asset_id=f"id{index}", name=name, created=index)
        for index, name in enumerate(names)
    ]


def by_id(found: Iterable[AssetRow]) -> dict[str, AssetRow]:
    return {row.asset_id: row for row in found}


def paths(*names: str) -> list[str]:
    return [str(path) for path in asset_paths(by_id(rows(*names))).values()]


def folded(path: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold()


def test_plain_names_stay() -> None:
    assert paths("model.pkl", "images/a b.png") == ["model.pkl", "images/a b.png"]


def test_the_oldest_keeps_the_name_and_others_get_their_id() -> None:
    assert paths("same.txt", "same.txt", "SAME.TXT", "same") == [
        "same.txt",
        "same~id1.txt",
        "SAME~id2.TXT",
        "same",
    ]


def test_order_of_listing_and_later_assets_change_no_name() -> None:
    all_rows = rows("a", "A", "a/b", "c")
    assert asset_paths(by_id(reversed(all_rows))) == asset_paths(by_id(all_rows))
    fewer = asset_paths(by_id(all_rows[:2]))
    assert fewer == {key: asset_paths(by_id(all_rows))[key] for key in fewer}


def test_a_file_and_a_folder_of_one_name_are_told_apart() -> None:
    assert paths("a", "a/b", "A/b/c") == ["a", "a~id1/b", "A~id2/b/c"]
    assert paths("a/b", "a") == ["a/b", "a~id1"]


def test_an_id_that_is_no_plain_word_is_hashed() -> None:
    two = [
        AssetRow(asset_id="../x", name="a.txt", created=2),
        AssetRow(asset_id="a", name="a.txt", created=1),
    ]
    found = asset_paths(by_id(two))
    assert str(found["a"]) == "a.txt"
    assert str(found["../x"]).startswith("a~")
    assert "/" not in str(found["../x"])


def test_hostile_names_stay_inside_and_apart() -> None:
    found = asset_paths(by_id(rows(*HOSTILE_NAMES)))
    assert len({folded(path) for path in found.values()}) == len(HOSTILE_NAMES)
    for path in found.values():
        assert not path.is_absolute()
        assert not {"", ".", ".."} & set(path.parts)
        assert all(len(part.encode()) <= 255 for part in path.parts)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "A", "a/b", "a~x", "~", "b/a", "a/b/c", "", "/", "é", "e\u0301"]),
            st.sampled_from(["x", "y", "X", "a", "", "~"]),
        ),
        unique_by=lambda pair: pair[1],
    )
)
def test_no_two_assets_share_a_file_or_need_a_file_as_a_folder(
    pairs: list[tuple[str, str]],
) -> None:
    found = asset_paths(by_id(AssetRow(asset_id=key, name=name) for name, key in pairs))
    files = [folded(path) for path in found.values()]
    assert len(found) == len(set(files)) == len(pairs)
    for path in found.values():
        assert not {folded(parent) for parent in path.parents} & set(files)


def folder(key: str, **entry: str) -> tuple[str, ...]:
    listed = json.dumps({"experimentKey": key, **entry}).encode()
    return file_folder("assets", Subject("experiment", key, "team", None, listed)).parts


def test_an_experiment_has_a_folder_below_its_project() -> None:
    assert folder("../k", projectName="a/b: c") == ("a%252Fb%3A c", "..%252Fk")
    assert len(folder("k")) == 2


def test_an_asset_keeps_its_path_and_takes_no_path_of_an_earlier_one() -> None:
    found = asset_paths(
        by_id(rows("a.txt", "a.txt", "b.txt")),
        kept={"id1": PurePosixPath("kept.txt")},
        taken=[PurePosixPath("kept.txt"), PurePosixPath("B.txt")],
    )
    assert [str(path) for path in found.values()] == ["a.txt", "kept.txt", "b~id2.txt"]


def of(kind: SubjectKind, key: str, **entry: str) -> Subject:
    return Subject(kind, key, "team", None, json.dumps(entry).encode())


def test_what_is_of_no_experiment_has_a_folder_that_no_experiment_can_have() -> None:
    run = json.loads('{"experimentKey": "k", "projectName": "@artifacts"}')
    first = of("artifact", "id1", artifactId="id1", name="data/../x")
    other = of("artifact", "id2", artifactId="id2", name="data/../x")
    folders = [file_folder("artifact_files", subject) for subject in (first, other)]
    assert len({str(path) for path in folders}) == 2
    for path in folders:
        assert path.parts[0] == "@artifacts"
        assert "~" in path.parts[1]
        assert "~" not in file_folder("assets", of("experiment", "a~b", **run)).parts[1]
    archive = file_folder("registry_archives", of("registry_model", "CON"))
    assert archive.parts[0] == "@registry"
    assert archive.parts[1].startswith("%43ON~")


def test_files_of_artifacts_lie_below_their_version_and_archives_are_zips() -> None:
    found = asset_paths(
        {
            "1": AssetRow(asset_id="a", name="data/x.csv", version="1.0.0", version_id="v1"),
            "2": AssetRow(asset_id="b", name="x.csv", dir="data", version="2.0.0", version_id="v2"),
            "3": AssetRow(asset_id="c", name="data/y", dir="data", version="../3", version_id="v"),
            "4": AssetRow(asset_id="d", name="m/n", type="archive", version_id="archive"),
            "5": AssetRow(
                asset_id="e", name="m", type="archive", version="1.0.0", version_id="archive"
            ),
            "6": AssetRow(asset_id="f", remote=True, link="https://host/a/b.png?v=1"),
        }
    )
    assert [str(path) for path in found.values()] == [
        "1.0.0/data/x.csv",
        "2.0.0/data/x.csv",
        "..%252F3/data/y",
        "m%252Fn.zip",
        "1.0.0.zip",
        "b.png",
    ]
