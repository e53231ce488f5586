"""Which experiments a selection has, to the millisecond."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from comet_async import comet
from comet_async.harvest import Selection

MOMENTS = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001  hypothesis adds the zone
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]),
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def started(moment: datetime) -> comet.Experiment:
    """Return an experiment of the last whole millisecond that is not after a moment."""
    millis = (moment - EPOCH) // timedelta(milliseconds=1)
    return comet.Experiment(experiment_key="k", start_time_millis=millis)


@given(MOMENTS)
def test_dates_are_compared_exactly(moment: datetime) -> None:
    run = started(moment)
    whole = EPOCH + timedelta(milliseconds=run.start_time_millis or 0)
    assert Selection(since=moment).has(run) == (whole >= moment)
    assert Selection(until=moment).has(run) == (whole < moment)
    assert Selection(since=whole).has(run)
    assert not Selection(until=whole).has(run)
    assert Selection(until=whole + timedelta(microseconds=1)).has(run)
    assert not Selection(since=whole + timedelta(microseconds=1)).has(run)


def test_an_experiment_that_has_not_started_is_in_no_time() -> None:
    run = comet.Experiment(experiment_key="k")
    assert not Selection(since=EPOCH).has(run)
    assert not Selection(until=EPOCH).has(run)
    assert Selection().has(run)
