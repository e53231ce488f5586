"""The sample archives that ship with the package: complete, small, and silent about their maker."""

from __future__ import annotations

import getpass
import io
import json
import re
import socket
import zipfile
from collections import Counter
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 2 * 1024 * 1024
PROJECTS = {"digits-classification", "tabular-benchmarks"}
FAMILIES = {"sgd-linear", "mlp", "gradient-boosting", "random-forest"}
NOT_FINITE = {"NaN", "Infinity", "-Infinity"}
FOLDERS = re.compile(rb"/root\b|/home/|/tmp\b|/work\b|/Users/|pyenv|site-packages")
ADDRESS = re.compile(rb"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
HARMLESS_ADDRESS = re.compile(rb"192\.0\.2\.\d{1,3}|127\.0\.0\.1")
EMAIL = re.compile(rb"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True)
class Archive:
    """One sample, read into memory."""

    name: str
    size: int
    header: dict[str, Any]
    messages: list[dict[str, Any]]
    members: dict[str, bytes]

    def payloads(self, kind: str) -> list[dict[str, Any]]:
        return [one["payload"] for one in self.messages if one["type"] == kind]

    def others(self) -> dict[str, Any]:
        return {one["key"]: one["value"] for one in self.payloads("log_other")}

    def params(self) -> dict[str, Any]:
        """Return name and value of the parameters that the script logged, lists included."""
        rows = [one.get("param") or one["params"] for one in self.payloads("parameter_msg")]
        return {row["paramName"]: row["paramValue"] for row in rows if row["source"] == "manual"}

    def series(self) -> dict[str, list[dict[str, Any]]]:
        rows: dict[str, list[dict[str, Any]]] = {}
        for one in self.payloads("metric_msg"):
            rows.setdefault(one["metric"]["metricName"], []).append(one)
        return rows

    def uploads(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.payloads("file_upload") if one["upload_type"] == kind]


def read(name: str, content: bytes) -> Archive:
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        assert source.testzip() is None
        members = {member: source.read(member) for member in source.namelist()}
        assert len(members) == len(source.namelist()), "a member name occurs twice"
    messages = [json.loads(line) for line in members["messages.json"].splitlines()]
    header = json.loads(members["experiment.json"])
    return Archive(name, len(content), header, messages, members)


@pytest.fixture(scope="module")
def samples() -> list[Archive]:
    folder = resources.files("comet_async").joinpath("server", "samples")
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return [read(file.name, file.read_bytes()) for file in files if file.name.endswith(".zip")]


def every_file(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the content and, when it is a zip itself, whatever lies in it at any depth."""
    yield name, name.encode() + b"\n" + content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as source:
            assert source.comment == b""
            for info in source.infolist():
                assert info.extra == b"" or info.filename.endswith(".npy")
                yield from every_file(f"{name}!{info.filename}", source.read(info))


def names_of_this_machine() -> re.Pattern[bytes]:
    """Match the running machine's host name as a word, and its user where a user would stand."""
    host, user = (re.escape(word.encode()) for word in (socket.gethostname(), getpass.getuser()))
    # A host called like a word of the samples would tell nothing; only other names can leak.
    told = rb"|\b" + host + rb"\b" if host not in {b"localhost", rb"sample\-host"} else b""
    return re.compile(rb'/(?:home|Users)/|"user":"(?!sample")|\b' + user + rb"@\w" + told)


def leaks(content: bytes, *, text: bool) -> list[bytes]:
    """Return what the content tells of the machine that made it."""
    found = FOLDERS.findall(content) + EMAIL.findall(content)
    found += [one for one in ADDRESS.findall(content) if not HARMLESS_ADDRESS.fullmatch(one)]
    return found + (names_of_this_machine().findall(content) if text else [])


def is_text(content: bytes) -> bool:
    return b"\0" not in content


def test_there_are_enough_runs_in_two_projects_and_several_families(samples: list[Archive]) -> None:
    assert len(samples) >= 24
    assert {one.header["project_name"] for one in samples} == PROJECTS
    assert {one.header["workspace"] for one in samples} == {"samples"}
    assert {one.params()["family"] for one in samples} == FAMILIES
    assert {one.params()["dataset"] for one in samples} == {
        "digits",
        "wine",
        "breast-cancer",
        "diabetes",
    }


def test_names_and_keys_are_unique_and_the_file_is_called_as_its_key(
    samples: list[Archive],
) -> None:
    assert len({(one.header["project_name"], one.others()["Name"]) for one in samples}) == len(
        samples
    )
    for one in samples:
        assert one.name == f"{one.header['offline_id']}.zip"
        assert re.fullmatch(r"[0-9a-f]{32}", one.header["offline_id"])


def test_all_archives_together_are_small(samples: list[Archive]) -> None:
    assert 0 < sum(one.size for one in samples) <= MAX_BYTES


def test_headers_say_when_and_how(samples: list[Archive]) -> None:
    for one in samples:
        assert 0 < one.header["start_time"] < one.header["stop_time"]
        assert one.header["resume_strategy"] == "create"
        assert one.header["customer_error_reported"] is False
        assert one.others()["offline_experiment"] is True


def test_messages_are_numbered_in_order(samples: list[Archive]) -> None:
    for one in samples:
        numbers = [message["payload"]["message_id"] for message in one.messages]
        assert numbers == list(range(1, len(one.messages) + 1))


def test_messages_refer_to_all_files_and_to_no_other(samples: list[Archive]) -> None:
    ids: Counter[str] = Counter()
    for one in samples:
        uploads = one.payloads("file_upload")
        paths = [upload["file_path"] for upload in uploads]
        assert sorted(paths) == sorted(one.members.keys() - {"experiment.json", "messages.json"})
        for upload in uploads + one.payloads("remote_file"):
            details = upload["additional_params"]
            ids[details.get("assetId") or details["imageId"]] += 1
    assert set(ids.values()) == {1}


def test_every_run_has_its_tables_and_files(samples: list[Archive]) -> None:
    for one in samples:
        params, others = one.params(), one.others()
        assert params["epochs"] >= 15
        assert {params["family"], params["dataset"]} <= set(one.header["tags"])
        assert others["outcome"] in {"finished", "diverged"}
        for kind in ("visualization", "text-sample", "model-element", "source_code"):
            assert len(one.uploads(kind)) == 1, (others["Name"], kind)
        is_classification = others["task"] == "classification"
        assert len(one.uploads("confusion-matrix")) == int(is_classification)


def test_series_have_a_point_for_each_epoch(samples: list[Archive]) -> None:
    for one in samples:
        prefixes = [""] if "loss" in one.series() else ["train_", "val_"]
        scores = ["accuracy"] if one.others()["task"] == "classification" else ["mae", "r2"]
        for prefix in prefixes:
            for score in ("loss", *scores):
                epochs = [row["metric"]["epoch"] for row in one.series()[prefix + score]]
                assert sorted(set(epochs)) == list(range(one.params()["epochs"]))


def test_training_lowers_the_loss_of_every_run_that_finished(samples: list[Archive]) -> None:
    for one in samples:
        if one.others()["outcome"] == "finished" and "train_loss" in one.series():
            values = [row["metric"]["metricValue"] for row in one.series()["train_loss"]]
            assert min(values[1:]) < values[0], one.others()["Name"]


def test_one_run_diverges_into_values_that_are_not_finite(samples: list[Archive]) -> None:
    diverged = [one for one in samples if one.others()["outcome"] == "diverged"]
    assert len(diverged) == 1
    rows = diverged[0].payloads("metric_msg")
    assert {one["metric"]["metricValue"] for one in rows} >= NOT_FINITE
    for one in samples:
        values = {row["metric"]["metricValue"] for row in one.payloads("metric_msg")}
        assert not values & NOT_FINITE or one in diverged


def test_special_shapes_occur(samples: list[Archive]) -> None:
    contexts = {row.get("context") for one in samples for row in one.payloads("metric_msg")}
    assert {"train", "validate", None} <= contexts
    names = {name for one in samples for name in one.series()}
    assert {"Δloss/val-train", "val/erreur/précision"} <= names
    nested = [one for one in samples if one.others().get("hasNestedParams") is True]
    assert [one.params()["model|hidden_layer_sizes"] for one in nested] == [[32, 16]]
    assert 1900 <= max(len(rows) for one in samples for rows in one.series().values()) <= 2100
    assert sum(len(one.payloads("html")) for one in samples) >= 3
    lines = ["".join(row["output"] for row in one.payloads("standard_output")) for one in samples]
    assert sum(line.startswith("epoch  0: loss ") for line in lines) >= 3
    (remote,) = [row for one in samples for row in one.payloads("remote_file")]
    assert remote["remote_uri"].startswith("https://archive.ics.uci.edu/")


def test_two_versions_of_one_model_are_registered(samples: list[Archive]) -> None:
    found = [(one, row) for one in samples for row in one.payloads("register_model")]
    assert sorted((row["registry_name"], row["version"]) for _, row in found) == [
        ("digits-classifier", "1.0.0"),
        ("digits-classifier", "1.1.0"),
    ]
    for one, row in found:
        (model,) = one.uploads("model-element")
        assert model["additional_params"]["groupingName"] == row["model_name"]
        assert row["experiment_id"] == one.header["offline_id"]


def test_files_are_what_their_type_says(samples: list[Archive]) -> None:
    for one in samples:
        content = {row["upload_type"]: one.members[row["file_path"]] for row in uploads_of(one)}
        assert content["visualization"].startswith(b"\x89PNG\r\n")
        assert b"def anonymise(" in content["source_code"]
        assert ": " in content["text-sample"].decode() or "accuracy" in str(content["text-sample"])
        with zipfile.ZipFile(io.BytesIO(content["model-element"])) as model:
            assert all(name.endswith(".npy") for name in model.namelist())
            assert len(model.namelist()) >= 2
        if "confusion-matrix" in content:
            matrix = json.loads(content["confusion-matrix"])
            assert len(matrix["matrix"]) == len(matrix["labels"]) >= 2


def uploads_of(one: Archive) -> list[dict[str, Any]]:
    return one.payloads("file_upload")


def test_the_host_is_the_invented_one(samples: list[Archive]) -> None:
    for one in samples:
        (host,) = one.payloads("system_details")
        assert (host["hostname"], host["user"], host["ip"]) == (
            "sample-host",
            "sample",
            "192.0.2.10",
        )
        assert (host["command"], host["python_exe"]) == (["python3", "make_samples.py"], "python3")
        assert (host["env"], host["pid"], host["os"]) == (None, 1000, "Linux-x86_64")
        (packages,) = one.payloads("installed_packages")
        assert {name.split("==")[0] for name in packages["installed_packages"]} == {
            "comet_ml",
            "numpy",
            "scikit-learn",
        }
        kinds = {message["type"] for message in one.messages}
        assert not kinds & {"os_packages", "git_metadata", "cloud_details", "gpu_static_info"}


def test_no_file_tells_of_the_machine_that_made_it(samples: list[Archive]) -> None:
    seen = 0
    for one in samples:
        for member, content in one.members.items():
            for name, inner in every_file(member, content):
                seen += 1
                assert leaks(inner, text=is_text(content)) == [], (one.name, name)
    assert seen > 7 * len(samples)


@pytest.mark.parametrize(
    "planted",
    [
        b"/root/x",
        b"/home/someone",
        b"/tmp/abc",
        b"/work/main",
        b"someone@mail.example",
        b"10.1.2.3",
        b".pyenv/versions",
        b'"user":"someone"',
    ],
)
def test_the_scan_finds_what_is_planted_in_a_nested_zip(planted: bytes) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as output:
        output.writestr("inner.txt", b"before " + planted + b" after")
    found = [leaks(content, text=True) for _, content in every_file("x", packed.getvalue())]
    assert len(found) == 2
    assert found[1] != []


@pytest.mark.parametrize(
    "kept", [b"192.0.2.10", b"127.0.0.1", b"scikit-learn==1.9.1", b"@dataclass"]
)
def test_the_scan_lets_harmless_text_pass(kept: bytes) -> None:
    assert leaks(b"before " + kept + b" after", text=True) == []
