"""Every row of the fault matrix has its automated tests.

Most tests carry their row in the name, as `test_c4_...`; the rest are named here. `MATRIX` is the
list of the rows that are promised; a row without a test, or a name that no test has, fails.
"""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROW_IN_NAME = re.compile(r"test_((?:[a-o]\d{1,2}_)+)")

LENGTHS = {"a": 9, "b": 14, "c": 19, "d": 6, "e": 4, "f": 8, "h": 6, "i": 7, "k": 3, "l": 5}
MATRIX = [f"{group}{n}" for group, last in LENGTHS.items() for n in range(1, last + 1)]
MATRIX += ["m1", "m4", "o1", "o2"]
MATRIX += ["m2", "m3", *(f"g{n}" for n in range(1, 21))]
MATRIX += [*(f"j{n}" for n in range(1, 11)), "n1", "n2", "n3"]

NAMED = {
    "g9": ["test_bad_orders_are_refused_before_any_request"],
    "g10": [
        "test_hostile_names_stay_inside_the_folder",
        "test_an_asset_keeps_its_path_and_takes_no_path_of_an_earlier_one",
    ],
    "g11": ["test_hostile_names_stay_inside_the_folder"],
    "g12": ["test_hostile_names_stay_inside_the_folder"],
    "g13": ["test_hostile_names_stay_inside_the_folder"],
    "g18": ["test_hostile_names_stay_inside_the_folder"],
    "h1": [
        "test_cancel_at_every_await",
        "test_cancel_at_every_await_of_a_throttled_session",
        "test_cancel_at_every_await_from_opening_to_closing",
    ],
    "h2": ["test_five_hundred_cancellations_at_random_leave_nothing"],
    "h3": ["test_a_first_signal_is_graceful_and_a_second_immediate"],
    "h4": [
        "test_a_first_signal_is_graceful_and_a_second_immediate",
        "test_a_reader_that_goes_away_is_no_error",
        "test_closed_streams_do_not_matter",
    ],
    "h5": [
        "test_one_refused_key_leaves_its_siblings_whole",
        "test_a_task_group_cancels_the_siblings_of_a_failure",
        "test_a_group_keeps_all_its_errors_readable_and_without_the_key",
        "test_bugs_of_several_tasks_are_all_kept",
    ],
    "h6": [
        "test_a_session_never_closed_warns_and_exits",
        "test_a_session_whose_loop_is_closed_says_so",
        "test_a_session_in_the_loop_of_another_thread_is_a_usage_error",
        "test_a_fork_cannot_use_the_session_nor_spoil_it",
    ],
    "i1": [
        "test_no_window_at_the_server_holds_more_than_the_quota",
        "test_a_quarter_of_a_million_admissions_use_the_quota_and_never_pass_it",
    ],
    "i2": ["test_a_burst_after_idleness_is_no_double_window"],
    "i3": ["test_tasks_sessions_redirects_and_retries_share_one_quota"],
    "i4": [
        "test_four_clients_of_one_key_find_their_shares",
        "test_four_processes_of_one_key_slow_down_together",
    ],
    "i5": ["test_a_storm_of_429_is_weathered_with_one_shared_pause"],
    "i6": ["test_the_rate_follows_a_limit_down_and_up_again"],
    "i7": [
        "test_a_total_outage_is_not_amplified",
        "test_dropped_connections_count_against_the_same_budget",
    ],
    "m1": ["test_hostile_names_leave_no_control_bytes", "test_lines_are_escaped_on_both_streams"],
    "m4": ["test_terminals_get_what_they_can_show", "test_no_color_gets_plain_columns"],
    "o1": ["test_a_foreign_host_is_refused", "test_requests_of_foreign_pages_are_refused"],
    "o2": [
        "test_a_body_beyond_the_limit_is_413_however_it_is_announced",
        "test_slow_headers_are_cut_off_even_when_they_keep_coming",
        "test_nothing_outside_is_reachable",
    ],
}


@functools.cache
def all_tests() -> set[str]:
    """Return the name of every test function in the tree."""
    return {
        node.name
        for file in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    }


@functools.cache
def rows() -> dict[str, set[str]]:
    """Return the tests of each row, by name and by the list above."""
    found: dict[str, set[str]] = {row: set(names) for row, names in NAMED.items()}
    for name in all_tests():
        match = ROW_IN_NAME.match(name)
        for row in match[1].strip("_").split("_") if match else ():
            found.setdefault(row, set()).add(name)
    return found


@pytest.mark.parametrize("row", MATRIX)
def test_row_has_a_test(row: str) -> None:
    assert rows().get(row)


def test_every_name_in_the_list_is_a_test() -> None:
    assert {name for names in NAMED.values() for name in names} - all_tests() == set()
