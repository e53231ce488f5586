"""How charts are used, for type checkers only."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

from comet_async import API, LakeReader, blocking, charts
from comet_async.query import Metric


async def live(api: API) -> None:
    curves = await charts.fetch_curves(
        api, "team/resnet", ["loss"], where=Metric("loss") < 1, parameters=["lr"], limit=10
    )
    assert_type(curves, charts.Curves)
    assert_type(curves[0], charts.Curve)
    assert_type(curves[1:], charts.Curves)
    experiments = await api.get_experiments("team", "resnet")
    assert_type(await charts.fetch_curves(api, experiments, "loss"), charts.Curves)
    picture = charts.chart(curves.of("loss"), x="time", band="std", best="lowest", group_by="lr")
    assert_type(picture, charts.Picture)
    assert_type(picture.save("loss.html"), Path)
    charts.chart(curves, x="steps")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # no such axis


def of_a_lake(lake: LakeReader) -> None:
    curves = charts.read_curves(lake, "val_*", where='Metric("loss") < 1')
    assert_type(curves, charts.Curves)
    assert_type(charts.parallel_coordinates(curves, ["lr"], "loss"), charts.Picture)
    assert_type(charts.parallel_coordinates([{"lr": 1, "loss": 2.0}], "lr", "loss").to_svg(), str)


def blocked(api: blocking.API) -> None:
    assert_type(blocking.call(charts.fetch_curves, api, "team/resnet", "loss"), charts.Curves)
