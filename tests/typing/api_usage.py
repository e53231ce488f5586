"""Only type-checked, never run: what the verbs of `API` return."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

from comet_async import API, APIExperiment, Model, comet
from comet_async.api import Experiments, Extremes, Image, Metric, MetricColumns


async def reading(api: API) -> None:
    assert_type(await api.get_workspaces(), list[str])
    assert_type(await api.get(), list[str])
    assert_type(await api.get("team", "p", "k"), APIExperiment | None)
    assert_type(await api.get("team", "p"), list[APIExperiment] | APIExperiment | None)
    assert_type(await api.get("team/p/k"), list[str] | list[APIExperiment] | APIExperiment | None)
    assert_type(await api.get_experiments("team"), list[APIExperiment])
    assert_type(await api.query("team", "p", Metric("loss") < 1), list[APIExperiment])
    assert_type(await api.get_experiment_by_key("k"), APIExperiment | None)
    assert_type(await api.get_project("team", "p"), comet.Project | None)
    assert_type(await api.get_registry_model_details("team", "m"), comet.RegistryModelDetails)
    assert_type(
        await api.get_registry_model_details("team", "m", "1.0.0"), comet.RegistryVersion | None
    )
    assert_type(await api.get_model("team", "m"), Model)
    shown = await api.with_metrics(await api.get_experiments("team"), "loss")
    assert_type(shown, list[APIExperiment])
    assert_type(Experiments(shown)[:2], Experiments)
    assert_type(Experiments(shown)[0], APIExperiment)
    async for run in api.gen_experiments("team"):
        assert_type(run, APIExperiment)


async def of_one(run: APIExperiment) -> None:
    assert_type(run.name, str | None)
    assert_type(await run.get_metrics_summary(), list[comet.ValueSummary])
    assert_type(await run.get_metrics_summary("loss"), comet.ValueSummary | None)
    assert_type(await run.get_others_summary("Name"), list[str | int | float | None])
    assert_type(await run.get_asset("a"), bytes)
    assert_type(await run.get_asset("a", "text"), str)
    assert_type(await run.get_asset("a", "json"), object)
    assert_type(await run.metric("loss"), MetricColumns)
    assert_type(await run.metric_extremes(), dict[str, Extremes])
    assert_type(await run.images(), list[Image])
    assert_type(await run.download_model("m"), list[Path])


async def writing(api: API, run: APIExperiment) -> None:
    assert_type(await api.create_experiment("team", "p"), APIExperiment)
    assert_type(await api.archive_experiments(["k"]), list[str])
    await run.log_metrics({"loss": 0.5}, step=1)
    assert_type(await run.log_asset("a.txt"), comet.UploadedAsset)
