"""The throughput watch (rows D2, D3)."""

from __future__ import annotations

from comet_async.engine.speed import SpeedWatch


def test_nothing_is_said_inside_the_window() -> None:
    watch = SpeedWatch(1000, 30, 100.0)
    assert not watch.too_slow(0, 100.0)
    assert not watch.too_slow(1, 129.9)


def test_a_drip_is_too_slow_at_the_end_of_the_window() -> None:
    watch = SpeedWatch(1000, 30, 0.0)
    assert not any(watch.too_slow(20, second) for second in range(1, 30))
    assert watch.too_slow(20, 30.0)


def test_a_steady_transfer_never_is() -> None:
    watch = SpeedWatch(1000, 30, 0.0)
    assert not any(watch.too_slow(1001, float(second)) for second in range(1, 3600))


def test_each_window_is_judged_alone() -> None:
    watch = SpeedWatch(1000, 30, 0.0)
    assert not watch.too_slow(10_000_000, 30.0)
    assert watch.too_slow(29_999, 60.0)


def test_a_late_look_judges_the_time_that_passed() -> None:
    assert SpeedWatch(1000, 30, 0.0).too_slow(59_999, 60.0)
    assert not SpeedWatch(1000, 30, 0.0).too_slow(60_000, 60.0)


def test_a_restart_forgets_what_was_slow() -> None:
    watch = SpeedWatch(100.0, 10.0, 0.0)
    assert not watch.too_slow(1, 9.0)
    watch.restart(9.0)
    assert not watch.too_slow(1, 18.0)
    assert watch.too_slow(1, 19.0)
