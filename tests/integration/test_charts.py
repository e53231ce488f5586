"""Curves from a server over a socket, and out of a lake: the values that were served."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

import comet_async
from comet_async import API, Session, blocking, charts, comet, harvest
from comet_async.charts import Curves
from comet_async.errors import DecodeError, UsageError
from comet_async.query import Metric
from comet_async.server import LocalServer, SyntheticSpec, serve_in_thread
from comet_async.testing import local_server, local_service
from tests.support.lakes import curve, make_lake, part, rows
from tests.support.pictures import lines, notes

SPEC = SyntheticSpec(experiments=600, points=6, metrics=3)
PROJECT = "samples/digits-classification"


@pytest.fixture(scope="module")
def sample() -> Iterator[LocalServer]:
    with serve_in_thread(local_server(sample=True)) as server:
        yield server


@pytest.fixture
async def api(sample: LocalServer) -> AsyncIterator[API]:
    async with Session(local_service(sample)) as session, API(session=session) as api:
        yield api


async def test_curves_have_what_the_chart_endpoint_serves(api: API) -> None:
    curves = await charts.fetch_curves(
        api, PROJECT, ["val_accuracy", "train_loss"], parameters=["alpha", "family"]
    )
    experiments = await api.get_experiments("samples", "digits-classification")
    served = await api.get_metrics_for_chart(
        [one.key for one in experiments], ["val_accuracy", "train_loss"], ["alpha", "family"]
    )
    order = [one.key for one in experiments if served.get(one.key) and served[one.key].metrics]
    assert [*curves.experiments] == order
    assert curves.metrics == ("val_accuracy", "train_loss")
    for one in curves:
        chart = served[one.experiment_key]
        (metric,) = (m for m in chart.metrics if m.metric_name == one.metric)
        assert one.values == tuple(metric.numbers)
        assert one.steps == tuple(metric.steps)
        assert one.epochs == tuple(metric.epochs)
        assert one.timestamps == tuple(metric.timestamps)
        assert one.durations == tuple(ms / 1000 for ms in metric.durations if ms is not None)
        assert one.experiment_name == chart.experiment_name
        assert one.parameters == chart.params
    assert not curves.sampled


async def test_the_picture_has_the_served_values(api: API) -> None:
    curves = await charts.fetch_curves(api, PROJECT, "val_accuracy")
    drawn = {row["name"]: (row["x"], row["y"]) for row in lines(charts.chart(curves))}
    assert drawn == {one.experiment_name: ([*one.steps], [*one.values]) for one in curves}


async def test_an_expression_chooses_and_a_glob_names(api: API, sample: LocalServer) -> None:
    good = await charts.fetch_curves(
        api, PROJECT, "val_*", where=Metric("val_accuracy") > 0.96, limit=2
    )
    assert good.metrics == ("val_accuracy", "val_loss")
    assert len(good.experiments) == 2
    text = await charts.fetch_curves(api, PROJECT, "val_loss", where='Metric("val_loss") < 0.2')
    every = await charts.fetch_curves(api, PROJECT, "val_loss")
    assert {one.experiment_key for one in text} == {
        one.experiment_key for one in every if (one.values[-1] or 1) < 0.2
    }


async def test_experiments_are_given_by_key_or_as_objects(api: API) -> None:
    experiments = await api.get_experiments("samples", "digits-classification")
    objects = await charts.fetch_curves(api, experiments[3:5], "val_accuracy")
    keys = await charts.fetch_curves(api, [one.key for one in experiments[3:5]], "val_accuracy")
    assert objects == keys
    assert [*keys.experiments] == [one.key for one in experiments[3:5]]


async def test_hundreds_of_experiments_take_a_request_for_250() -> None:
    async with (
        local_server(synthetic=SPEC) as server,
        Session(local_service(server)) as session,
        API(session=session) as api,
    ):
        curves = await charts.fetch_curves(
            api, "synthetic/synthetic", ["loss"], parameters=["optimizer"]
        )
        counts = server.log.counts()
        picture = charts.chart(curves, group_by="optimizer")
    assert len(curves) == 600
    assert sum(counts.values()) == 4
    assert counts["/api/rest/v2/experiments/multi-metric-chart"] == 3
    assert notes(picture).startswith("600 curves by optimizer: median")


@pytest.mark.parametrize(
    ("experiments", "metrics", "told"),
    [
        (PROJECT, ["val_acuracy"], "no metric val_acuracy; did you mean val_accuracy"),
        (PROJECT, ["zzz*"], "no metric zzz*; there are: accuracy, batch_loss"),
        (PROJECT, [], "name at least one metric"),
        ("samples", ["loss"], "'samples' is no project; use 'WORKSPACE/PROJECT'"),
        ([], ["loss"], "no experiment was found: nothing to draw"),
        (["2a3dc40b45ec489b31b4eb14904e1956"], ["val_los"], "did you mean val_loss"),
    ],
)
async def test_what_is_not_there_is_told(
    api: API, experiments: str | list[str], metrics: list[str], told: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        await charts.fetch_curves(api, experiments, metrics)


async def test_a_list_is_not_chosen_from(api: API) -> None:
    with pytest.raises(UsageError, match="`where` chooses among the experiments of a project"):
        await charts.fetch_curves(api, ["k"], "loss", where=Metric("loss") < 1)


async def test_an_existing_metric_that_nobody_chosen_has_is_told(api: API) -> None:
    with pytest.raises(UsageError, match="none of these experiments has the metric batch_loss"):
        await charts.fetch_curves(api, PROJECT, "batch_loss", where='Parameter("family") == "mlp"')


async def test_lists_that_do_not_match_are_an_error(
    api: API, monkeypatch: pytest.MonkeyPatch
) -> None:
    metric = comet.ChartMetric(metric_name="loss", values=[1.0, 2.0], steps=[1])
    chart = comet.ChartExperiment(experiment_key="k", metrics=[metric])

    async def answer(*_: object, **__: object) -> dict[str, comet.ChartExperiment]:
        return {"k": chart}

    monkeypatch.setattr(api, "get_metrics_for_chart", answer)
    with pytest.raises(DecodeError, match="experiment k: 1 steps for 2 values of loss"):
        await charts.fetch_curves(api, ["k"], "loss")


def test_a_blocking_api_gives_curves_in_one_call(sample: LocalServer) -> None:
    with blocking.Session(local_service(sample)) as session, blocking.API(session=session) as api:
        curves = blocking.call(charts.fetch_curves, api, PROJECT, "val_accuracy")
    assert isinstance(curves, Curves)
    assert len(curves) == 14


async def test_a_lake_has_the_same_curves(api: API, tmp_path: Path) -> None:
    plan = await harvest.plan(
        api.session, PROJECT, tables=["experiments", "metrics", "parameters", "tags", "others"]
    )
    await harvest.run(api.session, plan, tmp_path)
    lake = comet_async.open_lake(tmp_path)
    asked = ["val_accuracy", "train_loss"]
    found = charts.read_curves(lake, asked, parameters=["alpha"])
    served = await charts.fetch_curves(api, PROJECT, asked, parameters=["alpha"], full=True)

    def told(curves: Curves) -> set[object]:
        return {
            (
                one.experiment_key,
                one.experiment_name,
                one.metric,
                tuple(one.parameters.items()),
                one.values,
                one.steps,
                one.epochs,
                one.timestamps,
            )
            for one in curves
        }

    assert told(found) == told(served)
    for where in ('Metric("val_accuracy") > 0.96', 'Parameter("family") == "mlp"'):
        lakes = charts.read_curves(lake, "val_accuracy", where=where)
        servers = await charts.fetch_curves(api, PROJECT, "val_accuracy", where=where)
        assert set(lakes.experiments) == set(servers.experiments)
        assert lakes


def test_points_of_a_lake_stay_in_its_order(tmp_path: Path) -> None:
    root = make_lake(tmp_path)
    points = curve("k1", [3.0, None, float("nan"), 1.0], epoch=4)
    points += [{**points[0], "context": "train", "value": 9.0}]
    points[0], points[3] = points[3], points[0]
    part(root, "metrics", rows("metrics", *points))
    start = {"experiment_key": "k1", "experiment_name": "one", "start_time": 1_000}
    part(root, "experiments", rows("experiments", start))
    (plain, train) = charts.read_curves(comet_async.open_lake(root), "loss", parameters=["lr"])
    assert (plain.context, train.context) == (None, "train")
    assert plain.steps == (3, 1, 2, 0)
    assert plain.epochs == (4, 4, 4, 4)
    assert (plain.values[0], plain.values[1], plain.values[3]) == (1.0, None, 3.0)
    assert plain.values[2] != plain.values[2]
    assert plain.timestamps == plain.durations == (None, None, None, None)
    assert plain.parameters == {"lr": "0.1"}


def test_durations_of_a_lake_count_from_the_start(tmp_path: Path) -> None:
    root = make_lake(tmp_path)
    points = [
        {**point, "timestamp": 5_000 + 250 * n}
        for key in ("k1", "k2")
        for n, point in enumerate(curve(key, [1.0, 2.0]))
    ]
    part(root, "metrics", rows("metrics", *points))
    start = {"experiment_key": "k1", "start_time": 4_000}
    part(root, "experiments", rows("experiments", start))
    first, second = charts.read_curves(comet_async.open_lake(root), "loss")
    assert first.durations == (1.0, 1.25)
    assert second.durations == (0.0, 0.25)
    assert first.timestamps == (5_000, 5_250)


def test_what_a_lake_does_not_have_is_told(tmp_path: Path) -> None:
    root = make_lake(tmp_path)
    lake = comet_async.open_lake(root)
    for metrics, where, told in (
        ("los", None, "no metric los; did you mean loss?"),
        ("loss", 'Tag("best")', "no table tags, which the expression needs"),
        ("loss", 'Parameter("lt") > 1', "no parameter lt; did you mean lr?"),
        ("loss", 'Parameter("lr") > 1', "no experiment was found"),
    ):
        with pytest.raises(UsageError, match=re.escape(told)):
            charts.read_curves(lake, metrics, where=where)
    (tmp_path / "tables" / "metrics" / "part-000001.parquet").unlink()
    with pytest.raises(UsageError, match="this harvest has no table metrics"):
        charts.read_curves(comet_async.open_lake(root), "loss")
