"""What objects show of themselves in a notebook: short, escaped, and without asking anybody."""

from __future__ import annotations

import copy
import pickle
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from comet_async import (
    API,
    APIExperiment,
    Blob,
    Collected,
    Downloaded,
    Model,
    Session,
    comet,
    harvest,
)
from comet_async.api import Experiments
from comet_async.errors import NotFoundError
from comet_async.harvest.planner import Listed
from comet_async.service import Limits
from comet_async.shown import (
    Link,
    Shown,
    Table,
    facts,
    short_table,
    told_duration,
    told_size,
    told_time,
)

KEY = "sentinel0KEY0that0nobody0sees"
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></tr></table><h1>",
    "line\nbreak\ttab",
    "\x1b[31mred\x1b[0m",
    "\u202eright to left",
    "&amp;&lt;",
    "x" * 5000,
]


class Tags(HTMLParser):
    """Counts what opens and closes, and keeps the attributes that could act."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.attributes: dict[str, set[str | None]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value)

    def handle_endtag(self, tag: str) -> None:
        self.closed.append(tag)


def checked(html: str) -> Tags:
    """Return the tags of HTML after a look whether all are ours, each closed, and none acts."""
    tags = Tags()
    tags.feed(html)
    assert set(tags.opened) <= {"table", "caption", "tr", "th", "td", "a"}
    assert sorted(tags.opened) == sorted(tags.closed)
    assert set(tags.attributes) <= {"style", "colspan", "href", "target", "rel"}
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e]", html)
    assert KEY not in html
    return tags


def shown(value: Shown) -> str:
    return value._repr_html_()


@pytest.fixture
def api() -> API:
    return API(KEY, url="http://127.0.0.1:9")


def run(api: API, name: str | None, number: int = 0, **more: object) -> APIExperiment:
    facts: dict[str, object] = {
        "experimentKey": f"{number:032x}",
        "experimentName": name,
        "workspaceName": "team",
        "projectName": "resnet",
        "running": False,
        "durationMillis": 75_200,
        "startTimeMillis": 0,
        **more,
    }
    return APIExperiment(api, comet.Experiment(**_spelled(facts)))  # type: ignore[arg-type]  # whatever a test says


def _spelled(members: dict[str, object]) -> dict[str, object]:
    return {re.sub("([A-Z])", r"_\1", name).lower(): value for name, value in members.items()}


def test_a_table_shows_twenty_rows_and_counts_the_others() -> None:
    table = short_table("runs", ("name", "n"), ((f"run-{n}", n) for n in range(1000)), total=1000)
    assert table.to_html().count("<tr>") == 1 + 20 + 1
    assert "… and 980 more" in table.to_html()
    assert table.to_text().splitlines()[-1] == "  … and 980 more"
    assert "more" not in short_table("runs", ("name",), [("one",)]).to_html()


def test_a_text_table_is_aligned_and_numbers_are_flush_right() -> None:
    rows = [("a", 1000, told_duration(0.5)), ("long name", 2.0, None), ("b", None, "1 h")]
    assert short_table("few", ("name", "count", "time"), rows).to_text().splitlines() == [
        "<few>",
        "  name       count  time",
        "  a          1,000  0.50 s",
        "  long name      2",
        "  b                 1 h",
    ]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_html(api: API, name: str) -> None:
    one = run(api, name, project_name=name, file_name=name, user_name=name, workspace_name=name)
    collected = Collected({name: name}, {f"{name}2": NotFoundError(name)})
    file = Downloaded(path=Path(name), size=1, sha256="", content_type=name)
    plain = short_table(name, (name, name), [(name, name)], total=3)
    for html in (
        shown(one),
        shown(Experiments([one], metrics=[name], values={one.key: {name: name}})),
        shown(Experiments([one, run(api, name, 2)])),
        shown(Model(name, name, api=api)),
        shown(collected),
        shown(file),
        plain.to_html(),
        facts(name, [(name, name), ("page", Link(name))]).to_html(),
    ):
        checked(html)
        assert len(html) < 6000
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", plain.to_text())


def test_only_a_web_address_can_be_followed(api: API) -> None:
    assert checked(shown(run(api, "one"))).attributes["href"] == {
        f"http://127.0.0.1:9/team/resnet/{0:032x}"
    }
    table = facts("x", [("page", Link("javascript:alert(1)"))])
    assert "href" not in checked(table.to_html()).attributes


def test_experiments_show_state_duration_and_the_metrics_that_were_asked_for(api: API) -> None:
    runs = Experiments(
        [run(api, "good"), run(api, None, 1, running=True), run(api, "bad", 2, has_crashed=True)],
        metrics=["loss"],
        values={f"{0:032x}": {"loss": 0.12345, "other": 1.0}},
    )
    assert repr(runs).splitlines() == [
        "<3 experiments of team/resnet>",
        "  name                              state     started           duration    loss",
        "  good                              finished  1970-01-01 00:00  1:15 min  0.1235",
        f"  {1:032x}  running   1970-01-01 00:00  1:15 min",
        "  bad                               crashed   1970-01-01 00:00  1:15 min",
    ]
    assert "0.1235" in shown(runs)
    assert "other" not in shown(runs)
    assert repr(Experiments()) == "<no experiments>\n  name  state  started  duration"


def test_a_thousand_experiments_are_short(api: API) -> None:
    runs = Experiments(run(api, f"run-{n}", n) for n in range(1000))
    assert "… and 980 more" in shown(runs)
    assert len(shown(runs)) < 8000
    assert len(repr(runs).splitlines()) == 23


def test_experiments_are_a_list_like_any_other(api: API) -> None:
    plain = [run(api, f"run-{n}", n) for n in range(5)]
    runs = Experiments(plain, metrics=["loss"], values={plain[1].key: {"loss": 1.0}})
    assert runs == plain
    assert plain == runs
    assert isinstance(runs, list)
    assert [*runs] == plain
    assert runs[0] is plain[0]
    assert runs[1:3] == plain[1:3]
    assert runs[1:3].metrics == ("loss",)
    assert "1" in repr(runs[1:2]).splitlines()[2]
    assert runs + plain == plain + plain
    assert sorted(runs, key=lambda one: one.key, reverse=True) == plain[::-1]
    copied = copy.copy(runs)
    copied.pop()
    assert (len(copied), len(runs), copied.metrics) == (4, 5, ("loss",))


def test_a_session_shows_what_it_did_and_no_key() -> None:
    session = Session(comet.service(KEY, url="https://comet.example"))
    html = shown(session)
    checked(html)
    assert "https://comet.example" in html
    assert "requests" in html


def test_collected_shows_failures_first() -> None:
    ok = {f"key-{n}": n for n in range(50)}
    found = Collected(ok, {"lost": NotFoundError("no such run", status=404)})
    lines = repr(found).splitlines()
    assert lines[0] == "<Collected 50 ok, 1 failed>"
    assert lines[2].startswith("  lost    answered 404: no such run - check keys and names")
    assert lines[-1] == "  … and 31 more"
    assert shown(found).index("lost") < shown(found).index("key-0")


def test_of_a_large_result_only_the_beginning_is_looked_at() -> None:
    class Number(int):
        def __repr__(self) -> str:
            looked.append(self)
            return "n"

    looked: list[int] = []
    many = [Number(n) for n in range(1000)]
    lines = repr(Collected({"one": many, "blob": Blob(b"x" * 10)}, {})).splitlines()
    assert len(looked) < 10
    assert lines[2] == "  one   [n, n, n, n, n, n, ...]"
    assert lines[3] == "  blob  <Blob 10 bytes, no type>"


def test_a_plan_and_its_forecast_show_each_table() -> None:
    plan = harvest.Plan(
        url="http://127.0.0.1:9",
        scope=harvest.Scope("team", "<b>resnet"),
        selection=harvest.Selection(),
        tables=("metrics", "tags"),
        listed=Listed(),
        due={"tags": {"p": 3}},
        projects={},
        requests=2,
        limits=Limits(),
        requests_each={},
    )
    html = shown(plan)
    checked(html)
    assert "team/&lt;b&gt;resnet" in html
    assert "metrics" in html
    assert repr(plan.forecast()).splitlines()[1].split() == ["table", "requests", "bytes"]


def report(**changes: object) -> harvest.Report:
    tables = (
        harvest.TableReport(
            table="metrics",
            stored=9,
            absent=1,
            failed=2,
            rows=1234,
            bytes=(5e4).__int__(),
            files=1,
            requests=3,
            seconds=1.0,
        ),
    )
    options: dict[str, object] = {
        "path": Path("lake"),
        "scope": "team/resnet",
        "tables": tables,
        "failures": (harvest.Failure("metrics", "<i>key", "answered 500"),),
        "altered": (),
        "restored": False,
        "snapshot": 1,
        "sinks": (),
        "stopped": None,
        "exit_code": 3,
        "requests": 5,
        "retries": 0,
        "throttled": 0,
        "bytes_received": 1,
        "seconds": 61.0,
        **changes,
    }
    return harvest.Report(**options)  # type: ignore[arg-type]  # as above


def test_a_report_says_how_it_ended() -> None:
    html = shown(report())
    checked(html)
    assert "2 failed, first &lt;i&gt;key: answered 500; 5 requests in 1:01 min" in html
    assert "stopped, the disk is full" in shown(report(stopped="the disk is full"))
    assert repr(report(tables=())).splitlines()[0] == (
        "<Report of team/resnet: all planned is stored or absent; 5 requests in 1:01 min>"
    )
    assert repr(report()).splitlines()[2].split()[:6] == ["metrics", "12", "9", "1", "2", "1,234"]


def test_what_shows_itself_is_the_value_that_it_was() -> None:
    whole = report()
    assert pickle.loads(pickle.dumps(whole)) == whole
    file = Downloaded(path=Path("a"), size=1, sha256="")
    assert pickle.loads(pickle.dumps(file)) == file
    assert isinstance(file, Shown)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, None), (float("nan"), None), (59.94, "59.9 s"), (60, "1:00 min"), (3600, "1:00:00 h")],
)
def test_durations_are_told_in_words(seconds: float | None, told: str | None) -> None:
    assert told_duration(seconds) == told


def test_sizes_are_told_in_words() -> None:
    assert [told_size(10.0**n) for n in (0, 4, 13)] == ["1 bytes", "10.0 kB", "10.0 TB"]


def test_times_beyond_any_calendar_are_none() -> None:
    assert told_time(None) is None
    assert told_time(10**18) is None
    assert told_time(-(10**18)) is None


def test_a_base_without_a_table_says_so() -> None:
    with pytest.raises(NotImplementedError):
        Shown()._table()
    assert isinstance(facts("x", []), Table)
    assert facts("x", []).to_text() == "<x>"
