"""Pictures of metrics: curves of many experiments, and parallel coordinates.

    curves = await charts.fetch_curves(api, "team/resnet", ["loss"], parameters=["optimizer"])
    charts.chart(curves, group_by="optimizer", band="quantile", log_y=True).save("loss.html")

Curves come from a server (`fetch_curves`) or from the folder of a harvest (`read_curves`); with a
blocking API, `blocking.call(charts.fetch_curves, api, ...)` does the same. Drawing needs the extra
`charts`: pip install 'comet_async[charts]'.
"""

from __future__ import annotations

from comet_async.charts.charting import chart
from comet_async.charts.curves import Curve, Curves
from comet_async.charts.fetching import fetch_curves
from comet_async.charts.options import Band, Best, XAxis
from comet_async.charts.parallel import parallel_coordinates
from comet_async.charts.picture import Picture
from comet_async.charts.reading import read_curves

__all__ = [
    "Band",
    "Best",
    "Curve",
    "Curves",
    "Picture",
    "XAxis",
    "chart",
    "fetch_curves",
    "parallel_coordinates",
    "read_curves",
]
