"""Train small models on scikit-learn's own data sets and keep the runs as Comet archives.

Every run is real: it is trained here, logged through the unmodified `comet_ml.OfflineExperiment`,
and written as one offline archive `<experimentKey>.zip`, the file that `comet upload` accepts.
A last step, `anonymise`, takes this machine out of each archive. Start it with

    COMET_LOGGING_CONSOLE=ERROR python make_samples.py --out samples

It needs comet_ml, scikit-learn and matplotlib, no key and no network; it takes about a minute.
Same versions, same numbers: seeds, experiment keys, asset ids and member names are fixed. Only
the times of the clock differ from one call to the next.
"""

from __future__ import annotations

import argparse
import getpass
import hashlib
import json
import platform
import random
import socket
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import comet_ml
import numpy as np
from matplotlib.figure import Figure
from sklearn import datasets, ensemble, linear_model, metrics, neural_network
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray
    from sklearn.base import BaseEstimator

Scores = dict[str, float]
Array: TypeAlias = "NDArray[np.float64]"
WORKSPACE = "samples"
DIGITS = "digits-classification"
TABULAR = "tabular-benchmarks"
SCRIPT = Path(__file__).resolve()
DEFAULT_TARGET = SCRIPT.parent.parent / "comet_async" / "server" / "samples"
REGISTRY_NAME = "digits-classifier"
WINE_ORIGIN = "https://archive.ics.uci.edu/ml/machine-learning-databases/wine/wine.data"

DROPPED = {"os_packages", "cloud_details", "gpu_static_info", "git_metadata"}
# A host name this short turns up in compressed files by chance.
SHORT = 5
PACKAGES = {"comet_ml", "numpy", "scikit-learn"}
SAMPLE_HOST = {
    "command": ["python3", SCRIPT.name],
    "env": None,
    "hostname": "sample-host",
    "ip": "192.0.2.10",
    "os": "Linux-x86_64",
    "os_release": "6.1.0",
    "pid": 1000,
    "python_exe": "python3",
    "python_version_verbose": platform.python_version(),
    "user": "sample",
}


@dataclass(frozen=True)
class Family:
    """One kind of model: its two estimators, and how many trees an epoch adds (0: no trees)."""

    classifier: Callable[..., BaseEstimator]
    regressor: Callable[..., BaseEstimator]
    defaults: Mapping[str, object]
    trees_per_epoch: int = 0


@dataclass(frozen=True)
class Data:
    """One data set, split and scaled; `labels` is empty for a regression."""

    labels: list[str]
    x: Array
    y: Array
    x_validation: Array
    y_validation: Array


@dataclass(frozen=True)
class Run:
    """One training run; `extras` name what it logs beyond the common part."""

    project: str
    data: str
    family: str
    name: str
    params: Mapping[str, object]
    epochs: int = 20
    batch_size: int = 0
    extras: frozenset[str] = field(default_factory=frozenset)
    version: str = ""

    @property
    def key(self) -> str:
        """The experiment key: 32 hexadecimal digits made of the project and the name."""
        return digest(f"{self.project}/{self.name}")


@dataclass(frozen=True)
class Trial:
    """A run while it is trained."""

    run: Run
    data: Data
    model: BaseEstimator
    experiment: comet_ml.OfflineExperiment


LINEAR: dict[str, object] = {"learning_rate": "constant", "eta0": 0.01}
SHALLOW: dict[str, object] = {"warm_start": True, "max_depth": 2}
BUSHY: dict[str, object] = {"warm_start": True, "max_leaf_nodes": 24}
FAMILIES: dict[str, Family] = {
    "sgd-linear": Family(linear_model.SGDClassifier, linear_model.SGDRegressor, LINEAR),
    "mlp": Family(neural_network.MLPClassifier, neural_network.MLPRegressor, {}),
    "gradient-boosting": Family(
        ensemble.GradientBoostingClassifier, ensemble.GradientBoostingRegressor, SHALLOW, 1
    ),
    "random-forest": Family(
        ensemble.RandomForestClassifier, ensemble.RandomForestRegressor, BUSHY, 2
    ),
}


def digits_runs() -> Iterator[Run]:
    """Yield the runs of the project with the handwritten digits."""

    def run(family: str, name: str, epochs: int = 20, *extras: str, **params: object) -> Run:
        return Run(DIGITS, "digits", family, name, params, epochs, extras=frozenset(extras))

    for alpha in (1e-5, 1e-4, 1e-3, 1e-2):
        yield run("sgd-linear", f"sgd-alpha-{alpha:g}", 30, loss="log_loss", alpha=alpha)
    yield run("mlp", "mlp-16", 25, "output", hidden_layer_sizes=[16])
    yield run("mlp", "mlp-32-contexts", 25, "contexts", hidden_layer_sizes=[32])
    yield run("mlp", "mlp-32-16-nested", 25, "nested", "html", hidden_layer_sizes=[32, 16])
    yield run("mlp", "mlp-tanh-unicode", 25, "unicode", activation="tanh", hidden_layer_sizes=[24])
    yield run("gradient-boosting", "boosting-rate-0.1", 15, "html", learning_rate=0.1)
    yield run("gradient-boosting", "boosting-rate-0.3", 15, learning_rate=0.3)
    yield run("random-forest", "forest-depth-4", 15, max_depth=4)
    yield run("random-forest", "forest-depth-8", 15, "output", max_depth=8)
    params: dict[str, object] = {"loss": "log_loss", "eta0": 0.003}
    yield Run(DIGITS, "digits", "sgd-linear", "sgd-by-batch", params, 47, 32)
    for version, width in (("1.0.0", 12), ("1.1.0", 28)):
        name, params = f"mlp-registered-{version}", {"hidden_layer_sizes": [width]}
        yield Run(DIGITS, "digits", "mlp", name, params, 25, version=version)


def tabular_runs() -> Iterator[Run]:
    """Yield the runs of the project with the three tables."""

    def run(data: str, family: str, note: str, *extras: str, **params: object) -> Run:
        name = f"{data}-{note}"
        return Run(TABULAR, data, family, name, params, extras=frozenset(extras))

    yield run("wine", "random-forest", "forest-remote", "remote", max_features="log2")
    for data in ("wine", "breast-cancer"):
        yield run(data, "sgd-linear", "sgd-log-loss", "html", loss="log_loss")
        yield run(data, "sgd-linear", "sgd-huber", loss="modified_huber")
        yield run(data, "mlp", "mlp-8", hidden_layer_sizes=[8], learning_rate_init=0.01)
        yield run(data, "gradient-boosting", "boosting", subsample=0.8)
        yield run(data, "random-forest", "forest", max_features="sqrt")
    yield run("diabetes", "sgd-linear", "sgd-squared", "html", eta0=0.001)
    yield run("diabetes", "sgd-linear", "sgd-huber", loss="huber", epsilon=20.0, eta0=0.01)
    yield run("diabetes", "gradient-boosting", "boosting", learning_rate=0.1)
    yield run("diabetes", "random-forest", "forest", max_features=0.4)
    # This learning rate is far too large: the loss overflows to Infinity, then becomes NaN.
    yield run("diabetes", "mlp", "mlp-diverges", "output", solver="sgd", learning_rate_init=0.02)


def digest(text: str) -> str:
    """Return 32 hexadecimal digits that depend on the text alone."""
    return hashlib.sha256(f"{WORKSPACE}/{text}".encode()).hexdigest()[:32]


def load(name: str) -> Data:
    """Return the data set, three quarters for training, features scaled to unit variance."""
    bunch = getattr(datasets, f"load_{name.replace('-', '_')}")()
    labels = [str(label) for label in bunch.get("target_names", [])]
    x, x_validation, y, y_validation = train_test_split(
        bunch.data, bunch.target, random_state=0, stratify=bunch.target if labels else None
    )
    scaler = StandardScaler().fit(x)
    return Data(labels, scaler.transform(x), y, scaler.transform(x_validation), y_validation)


def batches(run: Run, rows: int, epoch: int) -> list[NDArray[np.intp]]:
    """Return the shuffled row numbers of one epoch, cut into batches (0: a single one)."""
    order = np.random.default_rng(epoch).permutation(rows)
    size = run.batch_size or rows
    return [order[start : start + size] for start in range(0, rows, size)]


def advance(trial: Trial, rows: NDArray[np.intp], epoch: int) -> None:
    """Train on these rows once: one more pass, or a few more trees."""
    data, model, trees = trial.data, trial.model, FAMILIES[trial.run.family].trees_per_epoch
    if trees:
        model.set_params(n_estimators=trees * (epoch + 1)).fit(data.x, data.y)
        return
    classes = {"classes": np.arange(len(data.labels))} if data.labels else {}
    try:
        model.partial_fit(data.x[rows], data.y[rows], **classes)
    except ValueError:
        # A diverged network refuses further passes: its weights stay as they are, not finite.
        if trial.run.family != "mlp" or np.isfinite(model.coefs_[0]).all():
            raise


def score(trial: Trial, x: Array, y: Array) -> Scores:
    """Return loss and accuracy for a classifier, loss, mae and r2 for a regression."""
    if trial.data.labels:
        guess = trial.model.predict_proba(x)
        loss = float(metrics.log_loss(y, guess, labels=np.arange(guess.shape[1])))
        return {"loss": loss, "accuracy": float(np.mean(guess.argmax(axis=1) == y))}
    error = trial.model.predict(x) - y
    loss = float(np.mean(error**2))
    r2 = 1 - loss / float(np.var(y))
    return {"loss": loss, "mae": float(np.mean(np.abs(error))), "r2": r2}


def log_epoch(trial: Trial, train: Scores, validation: Scores, step: int, epoch: int) -> None:
    """Log the scores of one epoch on both sides of the split, named as the run's extras ask."""
    extras, experiment = trial.run.extras, trial.experiment
    if "contexts" in extras:
        with experiment.train():
            experiment.log_metrics(train, step=step, epoch=epoch)
        with experiment.validate():
            experiment.log_metrics(validation, step=step, epoch=epoch)
        return
    scores: dict[str, object] = {f"train_{name}": value for name, value in train.items()}
    scores |= {f"val_{name}": value for name, value in validation.items()}
    if "unicode" in extras:
        gap = validation["loss"] - train["loss"]
        scores |= {"Δloss/val-train": gap, "val": {"erreur/précision": validation["accuracy"]}}
    experiment.log_metrics(scores, step=step, epoch=epoch)
    if "output" in extras:
        print(f"epoch {epoch:2d}: loss {train['loss']:.4g}, validation {validation['loss']:.4g}")


def train(trial: Trial) -> Scores:
    """Train epoch by epoch, log as it goes, and return the last scores on the validation side."""
    data, step, validation = trial.data, 0, Scores()
    for epoch in range(trial.run.epochs):
        for rows in batches(trial.run, len(data.y), epoch):
            advance(trial, rows, epoch)
            if trial.run.batch_size:
                loss = score(trial, data.x[rows], data.y[rows])["loss"]
                trial.experiment.log_metric("batch_loss", loss, step=step, epoch=epoch)
            step += 1
        validation = score(trial, data.x_validation, data.y_validation)
        log_epoch(trial, score(trial, data.x, data.y), validation, step - 1, epoch)
    return validation


def weights(model: BaseEstimator) -> dict[str, Array]:
    """Return the trained arrays: coefficients and intercepts, or the nodes of all trees."""
    arrays: dict[str, Any] = {}
    for tree in np.ravel(getattr(model, "estimators_", [])):
        for name in ("feature", "threshold", "children_left", "children_right"):
            arrays[name] = np.append(arrays.get(name, []), getattr(tree.tree_, name))
    for name in ("coef_", "intercept_", "coefs_", "intercepts_"):
        layers = getattr(model, name, [])
        for number, layer in enumerate(layers if isinstance(layers, list) else [layers]):
            arrays[f"{name}{number}"] = layer
    return {name: array.astype(np.float16) for name, array in arrays.items()}


def figure(data: Data, guess: Array) -> Figure:
    """Return a small plot: predicted over true values, or the accuracy of each class."""
    plot = Figure(figsize=(3.2, 2.2), dpi=60, layout="constrained")
    axes = plot.subplots()
    if data.labels:
        hits = [float(np.mean(guess[data.y_validation == k] == k)) for k in range(len(data.labels))]
        axes.bar(data.labels, hits)
        axes.set(xlabel="class", ylabel="recall", ylim=(0, 1))
    else:
        axes.scatter(data.y_validation, guess, s=4)
        axes.set(xlabel="true", ylabel="predicted")
    return plot


def log_results(trial: Trial, last: Scores) -> None:
    """Log what is known after training: confusion matrix, figure, text, files, report."""
    run, data, experiment = trial.run, trial.data, trial.experiment
    guess = trial.model.predict(data.x_validation)
    report = "\n".join(f"{name}: {value:.6g}" for name, value in last.items())
    if data.labels:
        truth = data.y_validation.tolist()
        experiment.log_confusion_matrix(
            truth, guess.tolist(), labels=data.labels, max_examples_per_cell=3
        )
        report = metrics.classification_report(truth, guess, target_names=data.labels)
    experiment.log_figure("validation", figure(data, guess), format="png")
    experiment.log_text(report, metadata={"split": "validation"})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.npz")
        np.savez_compressed(path, allow_pickle=False, **weights(trial.model))
        model_name = "digits-mlp" if run.version else run.name
        experiment.log_model(model_name, str(path), metadata={"format": "npz float16"})
        experiment.log_code(file_name=str(SCRIPT))
        if run.version:
            experiment.register_model(
                model_name, run.version, registry_name=REGISTRY_NAME, public=False, tags=["samples"]
            )
        if "html" in run.extras:
            experiment.log_html(f"<h1>{run.name}</h1><pre>{report}</pre>")
        if "remote" in run.extras:
            experiment.log_remote_asset(WINE_ORIGIN, remote_file_name="wine.data")
        # The files must outlive the streamer, which copies them in its own thread.
        experiment.flush()


def log_header(trial: Trial, params: dict[str, object]) -> None:
    """Log what is known before training: name, tags, parameters, others."""
    run, experiment = trial.run, trial.experiment
    experiment.set_name(run.name)
    experiment.set_filename(SCRIPT.name)
    experiment.add_tags([run.family, run.data, "scikit-learn"])
    shown: dict[str, object] = {"family": run.family, "dataset": run.data, "epochs": run.epochs}
    shown |= {"batch_size": run.batch_size} if run.batch_size else {}
    nested = {"model": params, "split": {"validation": 0.25, "seed": 0}}
    experiment.log_parameters(shown | (nested if "nested" in run.extras else params))
    experiment.log_other("task", "classification" if trial.data.labels else "regression")
    experiment.log_other("data source", f"sklearn.datasets, {run.data}")


def make(run: Run, folder: Path) -> Path:
    """Train one run and return the archive which the SDK wrote into the folder."""
    # Off: whatever reads this machine more than once, or guesses what the code below states.
    off = ["code", "graph", "git_metadata", "git_patch"]
    off += ["env_gpu", "env_cpu", "env_network", "env_disk"]
    options: dict[str, Any] = {f"log_{name}": False for name in off}
    options |= dict.fromkeys(("parse_args", "auto_param_logging", "auto_metric_logging"), False)
    options["auto_output_logging"] = "simple" if "output" in run.extras else False
    experiment = comet_ml.OfflineExperiment(
        project_name=run.project,
        workspace=WORKSPACE,
        offline_directory=str(folder),
        experiment_key=run.key,
        **options,
    )
    # The SDK draws the examples of a confusion matrix from the global generator.
    random.seed(0)
    data, family = load(run.data), FAMILIES[run.family]
    params = {**family.defaults, "random_state": 7, **run.params}
    estimator = family.classifier if data.labels else family.regressor
    trial = Trial(run, data, estimator(**params), experiment)
    log_header(trial, params)
    with np.errstate(all="ignore"):
        last = train(trial)
        log_results(trial, last)
    experiment.log_other("outcome", "finished" if np.isfinite(last["loss"]) else "diverged")
    experiment.end()
    return folder / f"{run.key}.zip"


def secrets() -> dict[bytes, bytes]:
    """Return what tells of this machine and user, and what to write instead, longest first."""
    user, host = getpass.getuser(), socket.gethostname()
    folders = {Path.cwd(), Path.home(), Path(f"~{user}").expanduser(), Path(tempfile.gettempdir())}
    folders |= {*SCRIPT.parents, Path(sys.prefix), Path(sys.base_prefix)}
    words = {str(folder): "." for folder in folders if folder != Path(folder.anchor)}
    words |= {f"{folder}/": "" for folder in words} | {f"{user}@": "sample@"}
    if len(host) > SHORT:
        words[host] = "sample-host"
    return {old.encode(): words[old].encode() for old in sorted(words, key=len, reverse=True)}


def hide(content: bytes) -> bytes:
    """Return the content without the secrets.

    Raises:
        ValueError: It holds one but is no text, so that it cannot be replaced.
    """
    found = {old: new for old, new in secrets().items() if old in content}
    if found and b"\0" in content:
        raise ValueError("a binary file tells of this machine")
    for old, new in found.items():
        content = content.replace(old, new)
    return content


def rewrite(kind: str, payload: dict[str, Any], number: int, key: str) -> None:
    """Put the invented host, relative names, and ids that depend on the run into one message."""
    payload["message_id"] = number
    details = payload.get("additional_params")
    if isinstance(details, dict):
        ids = [name for name in ("assetId", "imageId") if name in details]
        details |= dict.fromkeys(ids, digest(f"{key}/{number}"))
        if payload["upload_type"] == "source_code":
            details["fileName"] = SCRIPT.name
    if kind == "system_details":
        payload |= SAMPLE_HOST
    elif kind == "file_name":
        payload["file_name"] = SCRIPT.name
    elif kind == "installed_packages":
        listed = payload["installed_packages"]
        payload["installed_packages"] = [one for one in listed if one.split("==")[0] in PACKAGES]


def anonymise(archive: Path, target: Path) -> None:
    """Write the archive again as a file that may be published.

    The messages keep their order and are numbered anew, because those about the system's
    packages, cloud, GPUs and git are left out. Host, user, address, command line and Python
    become invented ones; three of the installed packages stay. Members and assets get names and
    ids that depend on the run alone; members that no message refers to are left out. In every
    text the folders of this machine are cut off, so that paths become relative. Members are
    deflated, which the SDK does not do but every reader of zip files understands.

    Raises:
        ValueError: A binary file holds a name or folder of this machine.
    """
    with zipfile.ZipFile(archive) as source:
        members = {name: source.read(name) for name in source.namelist()}
    header = json.loads(members["experiment.json"])
    header["tags"].sort()
    lines = [json.loads(line) for line in members["messages.json"].splitlines()]
    files: dict[str, bytes] = {}
    kept = [line for line in lines if line["type"] not in DROPPED]
    for number, line in enumerate(kept, 1):
        payload = line["payload"]
        rewrite(line["type"], payload, number, header["offline_id"])
        if line["type"] == "file_upload":
            logged = payload["file_path"]
            payload["file_path"] = f"tmp{number:08d}{Path(logged).suffix}"
            files[payload["file_path"]] = members[logged]
    text = "".join(json.dumps(one, separators=(",", ":"), sort_keys=True) + "\n" for one in kept)
    files = {"experiment.json": json.dumps(header).encode(), "messages.json": text.encode()} | files
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as output:
        for name, content in files.items():
            # A ZipInfo made by hand has no clock time in it.
            output.writestr(zipfile.ZipInfo(name), hide(content), zipfile.ZIP_DEFLATED, 9)


def main() -> None:
    """Make all samples, in the folder given with `--out`."""
    parser = argparse.ArgumentParser(description="Train the sample runs and write their archives.")
    parser.add_argument("--out", type=Path, default=DEFAULT_TARGET, help="folder of the archives")
    target: Path = parser.parse_args().out
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for run in (*digits_runs(), *tabular_runs()):
            anonymise(make(run, Path(folder)), target / f"{run.key}.zip")


if __name__ == "__main__":
    main()
