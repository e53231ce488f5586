"""A small web service that shares one session for its whole life.

Run it against a local server with the sample runs::

    comet-async serve --port 5055 &
    export COMET_URL_OVERRIDE=http://127.0.0.1:5055 COMET_API_KEY=anything
    python examples/curves_service.py

then ask it for the last value of a metric of every run of a project::

    curl 'http://127.0.0.1:8077/last/samples/digits-classification/val_loss'
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from comet_async import CometAsyncError, Failed, Ok, Session, comet, log_events

SESSION = web.AppKey("session", Session)


async def session_for_life(app: web.Application) -> AsyncIterator[None]:
    """Open the session with the service and close it at shutdown."""
    async with Session(comet.service(), observer=log_events) as session:
        app[SESSION] = session
        yield


async def last_values(request: web.Request) -> web.Response:
    """Answer with the last value of one metric for each run of a project."""
    session = request.app[SESSION]
    workspace, project = request.match_info["workspace"], request.match_info["project"]
    metric = request.match_info["metric"]
    try:
        runs = await session.send(
            comet.get_experiments(workspace_name=workspace, project_name=project)
        )
    except CometAsyncError as error:
        return web.json_response({"error": str(error)}, status=502)
    keys = [run.experiment_key for run in runs.experiments]
    values: dict[str, float | None] = {}
    missing: dict[str, str] = {}
    pairs = ((key, comet.get_experiment_metrics_summary(key)) for key in keys)
    async with session.fan_out(pairs) as outcomes:
        async for outcome in outcomes:
            match outcome:
                case Ok(key, summary):
                    found = {entry.name: entry.current for entry in summary.values}
                    values[key] = found.get(metric)
                case Failed(key, error):
                    missing[key] = str(error)
    return web.json_response({"last": values, "missing": missing})


def application() -> web.Application:
    """Return the application; its session lives and ends with it."""
    app = web.Application()
    app.cleanup_ctx.append(session_for_life)
    app.router.add_get("/last/{workspace}/{project}/{metric}", last_values)
    return app


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=8077)
