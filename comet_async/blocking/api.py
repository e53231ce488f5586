"""`API`, `APIExperiment` and `Model` for synchronous code, as `comet_ml` has them.

from comet_async import blocking

with blocking.API() as api:
    for experiment in api.get_experiments("team", "resnet"):
        print(experiment.key, experiment.get_metrics_summary("loss"))
"""

from __future__ import annotations

from comet_async import api
from comet_async.blocking.family import Family

__all__ = ["API", "APIExperiment", "Model"]

_family = Family(__name__)
API = _family.add(api.API)
APIExperiment = _family.add(api.APIExperiment)
Model = _family.add(api.Model)
