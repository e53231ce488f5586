"""One synthetic experiment, computed from (specification, index) on demand."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from comet_async.server.hostile_names import HOSTILE_NAMES
from comet_async.server.numbers_text import java_double
from comet_async.server.records import (
    MAX_POINTS,
    Asset,
    Content,
    Facts,
    JsonObject,
    Mark,
    Project,
    Series,
    Value,
    stable_id,
)
from comet_async.server.small_content import SmallContent
from comet_async.server.synthetic_bytes import SyntheticContent
from comet_async.server.synthetic_full import full_metric_parts, part_name
from comet_async.server.synthetic_series import TEXT_METRIC, Curve, metric_name, system_names
from comet_async.server.synthetic_spec import SyntheticSpec, is_chosen

__all__ = ["SyntheticRun"]

_EPOCH_MS = 1_750_000_000_000
_SPACING_MS = 60_000
_LENGTH_MS = 600_000
_SWEEP = 20
_ID_TAIL = 8
_KINDS = (
    ("asset", "others", "bin"),
    ("model-element", "models/net", "pt"),
    ("image", "media", "png"),
    ("text-sample", "text-samples", "txt"),
    ("audio", "media", "wav"),
    ("video", "media", "mp4"),
    ("dataframe", "dataframes", "csv"),
    ("notebook", "notebooks", "ipynb"),
)
_OPTIMIZERS = ("adam", "sgd", "adamw", "rmsprop")


@lru_cache(maxsize=256)
def _metric_names(count: int, odd: bool) -> tuple[str, ...]:  # noqa: FBT001  cache key
    return tuple(metric_name(index if odd else index + 10) for index in range(count))


@lru_cache(maxsize=256)
def _with_system(names: tuple[str, ...], count: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*names, *system_names(count)]))


@dataclass(frozen=True, slots=True)
class SyntheticRun:
    """The run at one index.

    Attributes:
        spec: Sizes and seed.
        project: Where the run lies.
        key: Experiment key.
        index: Position among all runs; everything depends on it and the seed.
        archived: Whether the run is archived.
    """

    spec: SyntheticSpec
    project: Project
    key: str
    index: int
    archived: bool

    @property
    def facts(self) -> Facts:
        """The metadata; start times rise with the index."""
        start = _EPOCH_MS + self.index * _SPACING_MS
        sweep = self.index % 1000 < _SWEEP
        return Facts(
            key=self.key,
            project=self.project,
            name=f"run-{self.index:06d}",
            start_ms=start,
            end_ms=start + _LENGTH_MS + self.index % 50 * 1000,
            user="synthetic-user",
            file_name="train.py",
            file_path="/home/user/train.py",
            optimization_id=stable_id("sweep", self.project.project_id) if sweep else None,
            archived=self.archived,
            running=False,
            crashed=self.index % 97 == 96,  # noqa: PLR2004  about one run in a hundred
        )

    @property
    def _start_ms(self) -> int:
        return _EPOCH_MS + self.index * _SPACING_MS

    def tags(self) -> Sequence[str]:
        """Return one or two tags; every tenth run is tagged as best."""
        return ["synthetic", "best" if self.index % 10 == 0 else "v1"]

    def others(self) -> Sequence[Value]:
        """Return four values, the name first."""
        mark = self._start_ms
        rows = {
            "Name": f"run-{self.index:06d}",
            "storage_size_bytes": str(self.spec.assets * self.spec.sizes[0]),
            "trainable_params": str(10_000 + self.index),
            "note": "" if self.index % 3 else "odd \u201cquote\u201d",
        }
        return [Value.single(name, Mark(text, mark)) for name, text in rows.items()]

    def parameters(self) -> Sequence[Value]:
        """Return the parameters: a float, an integer, a text, a boolean, then numbered ones."""
        return [
            Value.single(name, Mark(text, self._start_ms))
            for name, text in list(self._parameter_texts().items())[: self.spec.parameters]
        ]

    def _parameter_texts(self) -> dict[str, str]:
        texts = {
            "learning_rate": java_double(10.0 ** -(1 + self.index % 5)),
            "batch_size": str(16 << self.index % 4),
            "optimizer": _OPTIMIZERS[self.index % len(_OPTIMIZERS)],
            "augment": "true" if self.index % 2 else "false",
            "model|depth": str(2 + self.index % 7),
            "comment": "" if self.index % 2 else "grüße",
        }
        numbered = range(len(texts), self.spec.parameters)
        return texts | {f"param_{at:03d}": str(self.index * 31 + at) for at in numbered}

    def parameter_type(self, name: str) -> str:
        """Return the column type of a parameter."""
        special = {"optimizer": "string", "comment": "string", "augment": "boolean"}
        return special.get(name, "double")

    def metric_names(self) -> Sequence[str]:
        """Return the names of all metrics, those of the system last."""
        spec = self.spec
        count = spec.metrics if spec.stored_points else 0
        names = _metric_names(count, spec.odd_metrics)
        return _with_system(names, spec.system_metrics) if spec.system_metrics else names

    def logged_names(self) -> Sequence[str]:
        """Return the names of the metrics that are columns of the project."""
        system = set(system_names(self.spec.system_metrics))
        return [name for name in self.metric_names() if name not in system]

    def _curve(self, name: str) -> Curve | None:
        names = self.metric_names()
        if name not in names:
            return None
        spec = self.spec
        index = self.index if spec.curves is None else self.index % spec.curves
        points = spec.logged_points or spec.points
        identity = f"{spec.seed}:{index}:{name}"
        shared = spec.curves is not None
        return Curve(identity, name, points, self._start_ms, names.index(name), shared)

    def metric_summary(self, name: str) -> Value | None:
        """Return minimum, maximum and current value of a metric."""
        curve = self._curve(name)
        return curve.summary() if curve else None

    def metric_current(self, name: str) -> str | None:
        """Return the last value of a metric at the cost of one point."""
        curve = self._curve(name)
        return curve.current() if curve else None

    def series(self, name: str) -> Series | None:
        """Return the stored points of a metric, sampled down from more."""
        curve = self._curve(name)
        if curve is None:
            return None
        series, last = curve.series(), curve.points - 1
        if last < MAX_POINTS:
            return series
        return series.picked([at * last // (MAX_POINTS - 1) for at in range(MAX_POINTS)])

    def text(self, kind: str) -> str | None:
        """Return a short text of each kind that the run has."""
        spec = self.spec
        shares = {"html": spec.html_share, "code": spec.code_share, "graph": spec.graph_share}
        share = shares.get(kind)
        if share is not None and not is_chosen(self.index, share):
            return None
        return {
            "html": f"<h1>Run {self.index}</h1>",
            "code": f"# run {self.index}\nprint('training')\n",
            "output": "".join(f"epoch {epoch} done\n" for epoch in range(spec.output_lines)),
            "graph": f'{{"nodes": [], "run": {self.index}}}',
        }.get(kind)

    def system(self) -> JsonObject:
        """Return the details of an invented machine."""
        return {
            "user": "synthetic-user",
            "pythonVersion": "3.12.4",
            "pythonVersionVerbose": "3.12.4 (main) [GCC 13.2.0]",
            "pid": 1000 + self.index % 30_000,
            "osType": "Linux",
            "os": "Linux-6.1.0-x86_64-with-glibc2.36",
            "osRelease": "6.1.0",
            "machine": "x86_64",
            "processor": "x86_64",
            "ip": "192.0.2.10",
            "hostname": f"node-{self.index % 8}",
            "gpuStaticInfoList": [],
            "logAdditionalSystemInfoList": [{"key": "cluster", "value": "demo"}],
            "command": ["train.py", "--run", str(self.index)],
            "executable": "/usr/bin/python3",
            "installedPackages": ["comet_ml==3.58.8", "numpy==2.3.0"],
            "osPackages": ["bash=5.2.15"],
            "totalRam": 13608370176.0,
        }

    def git(self) -> JsonObject:
        """Return metadata of an invented repository."""
        share = self.spec.git_share
        if share is not None and not is_chosen(self.index, share):
            return {}
        return {
            "user": "synthetic-user",
            "root": stable_id("commit", self.index, size=40),
            "branch": "refs/heads/main",
            "parent": stable_id("commit", self.index - 1, size=40),
            "origin": "https://git.example.com/team/training.git",
        }

    def patch(self) -> bytes | None:
        """Return a zip with one patch, for every even run unless the specification says else."""
        share = self.spec.patch_share
        has_one = self.index % 2 == 0 if share is None else is_chosen(self.index, share)
        return _patch(self.index) if has_one else None

    def cloud(self) -> tuple[str, JsonObject] | None:
        """Return an invented cloud machine for every second run."""
        if self.index % 2:
            return None
        return "AWS", {"instanceType": "m5.large", "region": "eu-central-1"}

    def model_names(self) -> list[str]:
        """Return the experiment models: those that a stored model asset belongs to."""
        places = range(1, self.spec.assets, len(_KINDS))
        return [*dict.fromkeys(self._model(position) for position in places)]

    def _model(self, position: int) -> str:
        number = position // len(_KINDS) % self.spec.models
        return f"net-{number}" if number else "net"

    def assets(self) -> Sequence[Asset]:
        """Return the stored assets, the remote ones, then the parts of whole metrics."""
        listed = [self._asset(position) for position in range(self._first_part)]
        return listed + self._parts() if self.spec.logged_points else listed

    @property
    def _first_part(self) -> int:
        """Position of the first part of a whole metric among the assets."""
        return self.spec.assets + self.spec.remote_assets

    def _whole(self) -> list[Curve]:
        """Return the metrics that were sampled down and are numbers."""
        curves = (self._curve(name) for name in self.logged_names() if name != TEXT_METRIC)
        return [curve for curve in curves if curve is not None]

    def _parts(self) -> list[Asset]:
        """Return the parts of whole metrics in order of their names: number 10 before 2."""
        count = self.spec.full_metric_parts
        found = [
            Asset(
                asset_id=self._asset_id(self._first_part + ordinal * count + number),
                file_name=part_name(curve.name, number),
                size=len(part),
                type="ASSET_TYPE_FULL_METRIC",
                created_ms=self._start_ms,
                directory="full-metrics",
            )
            for ordinal, curve in enumerate(self._whole())
            for number, part in enumerate(full_metric_parts(curve, count))
        ]
        return sorted(found, key=_by_name)

    def _part(self, position: int) -> Content | None:
        at, count = position - self._first_part, self.spec.full_metric_parts
        curves = self._whole() if self.spec.logged_points else []
        if not 0 <= at < count * len(curves):
            return None
        return SmallContent(full_metric_parts(curves[at // count], count)[at % count])

    def _asset(self, position: int) -> Asset:
        remote = position >= self.spec.assets
        kind, directory, extension = _KINDS[position % len(_KINDS)]
        name = f"{kind}-{position:04d}.{extension}"
        if self.spec.hostile_names:
            name = HOSTILE_NAMES[position % len(HOSTILE_NAMES)]
        sizes = self.spec.sizes
        return Asset(
            asset_id=self._asset_id(position),
            file_name=name,
            size=0 if remote else sizes[position % len(sizes)],
            type=kind,
            created_ms=self._start_ms + position,
            directory=directory,
            step=position * 10 if position % 2 else None,
            context="train" if position % 3 == 1 else None,
            metadata=(None, "", json.dumps({"position": position}))[position % 3],
            link=f"s3://bucket/run-{self.index}/{position}" if remote else None,
            group=self._model(position) if kind == "model-element" else None,
        )

    def content(self, asset_id: str) -> Content | None:
        """Return the generated bytes of a stored asset."""
        try:
            position = int(asset_id[-_ID_TAIL:], 16)
        except ValueError:
            return None
        if self._asset_id(position) != asset_id:
            return None
        if position >= self.spec.assets:
            return self._part(position)
        sizes = self.spec.sizes
        return SyntheticContent(f"{self.spec.seed}:{asset_id}", sizes[position % len(sizes)])

    def _asset_id(self, position: int) -> str:
        """Return a hash followed by the position, so that an id leads back without a search."""
        head = stable_id("asset", self.spec.seed, self.key, position, size=32 - _ID_TAIL)
        return f"{head}{position:0{_ID_TAIL}x}"


def _by_name(asset: Asset) -> str:
    return asset.file_name


@lru_cache(maxsize=64)
def _patch(index: int) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        entry = zipfile.ZipInfo("git_diff.patch", (2025, 1, 1, 0, 0, 0))
        archive.writestr(entry, f"diff --git a/run.txt b/run.txt\n+run {index}\n")
    return sink.getvalue()
