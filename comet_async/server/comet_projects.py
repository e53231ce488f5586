"""Routes of workspaces, projects and their experiment lists."""

from __future__ import annotations

import msgspec

from comet_async.server.listing import matching_keys, ordered, project_columns
from comet_async.server.numbers_text import number
from comet_async.server.records import Json, JsonObject, Project, Run, stable_id
from comet_async.server.replies import ApiError, Call, Handler, JsonReply, Later, Reply, json_reply
from comet_async.server.rows import experiment_row, project_row
from comet_async.server.store import Store

__all__ = ["ROUTES", "share_codes"]

_PAGE = 100


def _workspaces(call: Call) -> Reply:
    return json_reply({"workspaceNames": [*call.store.workspaces()]})


def _row(call: Call, project: Project) -> JsonObject:
    count = len(call.store.runs(project.project_id))
    return project_row(project, count, call.store.owner(project))


def _projects(call: Call) -> Reply:
    projects = call.store.projects(call.workspace())
    return json_reply({"projects": [_row(call, project) for project in projects]})


def _project(call: Call) -> Reply:
    return json_reply(_row(call, call.project()))


def _projects_page(call: Call) -> Reply:
    found = call.store.projects(call.workspace())
    total = len(found)
    search = call.query.get("search", "").lower()
    kept = [item for item in found if search in item.name.lower()]
    if "public" in call.query:
        kept = [item for item in kept if item.public == call.flag("public")]
    reverse = call.query.get("order", "").lower() == "desc"
    if call.query.get("sort"):
        by_time = "updated" in call.query["sort"].lower()
        kept.sort(key=_by_updated if by_time else _by_name, reverse=reverse)
    offset = call.integer("offset", 0) or 0
    count = call.integer("count", _PAGE) or 0
    rows: list[Json] = [
        _page_row(call, item, total, len(kept)) for item in kept[offset : offset + count]
    ]
    return json_reply({"rows": rows, "filteredRowCount": len(kept), "totalRowCount": total})


def _by_updated(project: Project) -> int:
    return project.last_updated_ms


def _by_name(project: Project) -> str:
    return project.name


def _page_row(call: Call, project: Project, total: int, filtered: int) -> JsonObject:
    """Return a row whose own counters are texts, unlike those of the page."""
    return {
        "projectId": project.project_id,
        "userName": call.store.owner(project),
        "projectName": project.name,
        "projectDesc": project.description,
        "generalProject": project.name == "general",
        "totalRowCount": str(total),
        "filteredRowCount": str(filtered),
        "experimentCount": len(call.store.runs(project.project_id)),
        "imagePath": f"{call.root}/images/project/{project.project_id}.png",
        "isPublic": project.public,
        "teamId": project.workspace_id,
        "created_at": project.last_updated_ms - 86_400_000,
        "lastUpdated": project.last_updated_ms,
        "lastUpdatedByUser": None,
        "isStarterProject": False,
        "teamName": project.workspace,
        "isInProjectTeam": True,
        "owner": True,
        "canEdit": True,
    }


def _experiments(call: Call) -> Reply:
    project = call.project()
    runs = call.store.runs(project.project_id, archived=call.flag("archived"))
    runs = ordered(runs, call.query.get("sortBy"), call.query.get("sortOrder"))
    size, page = call.integer("size"), call.integer("page", 1) or 1
    if size:
        runs = runs[(page - 1) * size : page * size]
    now = call.store.changes.project_now

    def build() -> bytes:
        rows = [experiment_row(run.facts, now(run.facts.project)) for run in runs]
        return msgspec.json.encode({"experiments": rows})

    if len(runs) <= _PAGE:
        return JsonReply(build())
    # Pages are not kept: whoever reads all of them reads each once.
    key = f"experiments:{project.project_id}:{sorted(call.query.items())}"
    return Later(build, None if size else key)


def _columns(call: Call) -> Reply:
    project = call.project()
    columns = project_columns(call.store, project.project_id)
    rows: list[Json] = [
        {
            "name": column.name,
            "id": f"{column.name}--{column.source}",
            "type": column.type,
            "source": column.source,
        }
        for column in columns
    ]
    return json_reply({"columns": rows})


def _query(call: Call) -> Reply:
    project = call.project(call.body)
    runs = call.store.runs(project.project_id, archived=call.body.get("archived") is True)
    predicates = call.body.get("predicates")
    if not isinstance(predicates, list):
        raise ApiError(400, "predicates must be a list")
    total = len(call.store.runs(project.project_id))

    def build() -> bytes:
        keys = matching_keys(call.store, runs, predicates)
        return msgspec.json.encode({"experimentKeys": keys, "experimentsInProject": total})

    return Later(build, f"query:{call.body!r}")


def _search(call: Call) -> Reply:
    project = call.project({"projectId": call.body.get("projectId") or " "})
    tree = call.body.get("rulesTree")
    if not isinstance(tree, dict):
        raise ApiError(400, "rulesTree must be an object")
    runs = call.store.runs(project.project_id, archived=call.body.get("deleted") is True)
    limit, page = _positive(call.body, "limit", _PAGE), _positive(call.body, "page", 1)

    def build() -> bytes:
        keys = matching_keys(call.store, runs, [{"query": tree}])
        chosen = keys[(page - 1) * limit : page * limit]
        return msgspec.json.encode({"experiments": [{"experimentKey": key} for key in chosen]})

    return Later(build, f"search:{call.body!r}")


def _positive(body: JsonObject, name: str, default: int) -> int:
    value = body.get(name)
    return value if isinstance(value, int) and value > 0 else default


def _notes(call: Call) -> Reply:
    project = call.project({"projectId": call.need("projectId")})
    text = call.store.accounts.notes.get(project.project_id)
    if text is None and call.store.extras:
        text = f"# {project.name}\n\nNotes of the project.\n"
    return json_reply({"notes": text})


def _share_links(call: Call) -> Reply:
    project = call.project({"projectId": call.need("projectId")})
    return json_reply({"shareCodes": [*share_codes(call.store, project)]})


def share_codes(store: Store, project: Project) -> list[str]:
    """Return the share codes of a project; one is invented until they are written."""
    written = store.accounts.share_codes.get(project.project_id)
    if written is not None:
        return written
    return [stable_id("share", project.project_id, size=25)] if store.extras else []


def _best(call: Call) -> Reply:
    """Find the best run of a sweep by a scan, as nothing indexes sweeps."""
    optimization, metric = call.need("optimizationId"), call.need("metricName")
    goal = call.need("goal").upper()
    if goal not in {"MIN", "MAX", "MINIMIZE", "MAXIMIZE"}:
        raise ApiError(400, "goal must be MIN or MAX")

    def build() -> bytes:
        runs = _sweep(call, optimization)
        scores = ((_score(run, metric, goal), run.facts.key) for run in runs)
        scored = [(score, key) for score, key in scores if score is not None]
        if not scored:
            empty = {"experimentKey": None, "metricValue": None, "experimentCount": len(runs)}
            return msgspec.json.encode(empty)
        score, key = min(scored) if goal.startswith("MIN") else max(scored)
        answer = {"experimentKey": key, "metricValue": score, "experimentCount": len(runs)}
        return msgspec.json.encode(answer)

    return Later(build, f"best:{optimization}:{metric}:{goal}")


def _sweep(call: Call, optimization: str) -> list[Run]:
    return [
        run
        for project in call.store.projects()
        for run in call.store.runs(project.project_id)
        if run.facts.optimization_id == optimization
    ]


def _score(run: Run, metric: str, goal: str) -> float | None:
    row = run.metric_summary(metric)
    if row is None:
        return None
    return number((row.minimum if goal.startswith("MIN") else row.maximum).value)


ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/api/rest/v2/workspaces"): _workspaces,
    ("GET", "/api/rest/v2/projects"): _projects,
    ("GET", "/api/rest/v2/projects/page"): _projects_page,
    ("GET", "/api/rest/v2/project"): _project,
    ("GET", "/api/rest/v2/project/column-names"): _columns,
    ("POST", "/api/rest/v2/project/query"): _query,
    ("GET", "/api/rest/v2/project/notes"): _notes,
    ("GET", "/api/rest/v2/project/get-project-share-links"): _share_links,
    ("GET", "/api/rest/v2/experiments"): _experiments,
    ("POST", "/api/rest/v2/experiments/search"): _search,
    ("GET", "/api/rest/v2/get-best-experiment"): _best,
}
