"""Shell completion: by click's protocol in a child process, and in a real bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from comet_async.cli import ls as listing
from comet_async.cli.completing import TABLE_NAMES
from comet_async.cli.ls import ls
from comet_async.cli.main import COMMANDS
from comet_async.harvest.schema import TABLES
from tests.support.command_line import PYTHON, environment, process

HEAVY = {"aiohttp", "rich", "pyarrow", "duckdb", "comet_async.harvest", "comet_async.server"}
CHILD = "import sys, comet_async.cli.main as m\ntry: m.main()\nfinally: print(*sys.modules, file=sys.stderr)"


def proposed(*words: str, folder: Path) -> tuple[list[str], set[str]]:
    """Return what is proposed for the last of the words, and the modules that were loaded."""
    env = environment(
        _COMET_ASYNC_COMPLETE="bash_complete",
        COMP_WORDS=" ".join(["comet-async", *words]),
        COMP_CWORD=str(len(words)),
    )
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        env=dict(env),
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines(), set(done.stderr.split())


@pytest.mark.parametrize(
    ("words", "some"),
    [
        ([""], {f"plain,{name}" for name in COMMANDS}),
        (["har"], {"plain,harvest"}),
        (["--u"], {"plain,--url"}),
        (["call", "get_experiment_met"], {"plain,get_experiment_metric"}),
        (["call", "get-experiment-met"], {"plain,get_experiment_metric"}),
        (["call", "--service", ""], {"plain,comet", "plain,domino"}),
        (["call", "--service", "domino", "get_job"], {"plain,get_jobs", "plain,get_job_logs"}),
        (["call", "get_projects", "--work"], {"plain,--workspace-name"}),
        (["harvest", "w", "--tab"], {"plain,--tables"}),
        (["harvest", "w", "--tables", "metrics,par"], {"plain,metrics,parameters"}),
        (["harvest", "w", "--state", ""], {"plain,running", "plain,finished", "plain,crashed"}),
        (["harvest", "w", "-o", "la"], {"dir,la"}),
        (["harvest", "--list-tables", "--sta"], {"plain,--state"}),
        (["sql", ""], {"dir,"}),
        (["verify", "l"], {"dir,l"}),
        (["diff", "a", "b"], {"dir,b"}),
        (["ls", "--sort", "du"], {"plain,duration"}),
        (["registry", "do"], {"plain,download"}),
        (["completion", ""], {"plain,bash", "plain,fish", "plain,zsh"}),
    ],
)
def test_commands_options_and_values_are_proposed_fast(
    words: list[str], some: set[str], tmp_path: Path
) -> None:
    found, loaded = proposed(*words, folder=tmp_path)
    assert some <= set(found)
    if words[-1]:
        assert len(found) < 20
    assert not HEAVY & loaded


def test_no_command_is_imported_to_propose_commands(tmp_path: Path) -> None:
    _, loaded = proposed("", folder=tmp_path)
    assert not {f"comet_async.cli.{name}" for name in COMMANDS} & loaded
    assert "comet_async.comet" not in loaded


def test_what_is_proposed_is_there() -> None:
    assert [*TABLES] == [*TABLE_NAMES]
    (sort,) = (option for option in ls.params if option.name == "sort")
    shown = (listing._WORKSPACES, listing._PROJECTS, listing._EXPERIMENTS, listing._ASSETS)
    names = {column.name for columns in shown for column in columns}
    found = sort.shell_complete(click.Context(ls), "")
    assert {item.value for item in found} == names


@pytest.mark.parametrize(
    ("shell", "part"),
    [
        ("bash", "complete -o nosort -F _comet_async_completion comet-async"),
        ("zsh", "#compdef comet-async"),
        ("fish", "complete --no-files --command comet-async"),
    ],
)
def test_a_script_for_each_shell(shell: str, part: str, tmp_path: Path) -> None:
    ended = process("completion", shell, env=environment(), cwd=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert part in ended.out
    assert f"_COMET_ASYNC_COMPLETE={shell}_complete" in ended.out


def test_bash_takes_the_script_and_completes(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    starter = tmp_path / "comet-async"
    starter.write_text(f'#!/bin/sh\nexec {" ".join(PYTHON)} "$@"\n')
    starter.chmod(0o755)
    script = """
eval "$(comet-async completion bash)"
complete -p comet-async
COMP_WORDS=(comet-async harvest w --tables met) COMP_CWORD=4
_comet_async_completion comet-async
printf '%s\\n' "${COMPREPLY[@]}"
"""
    env = dict(environment(PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}"))
    done = subprocess.run(
        [bash, "--norc", "-c", script], env=env, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "complete -o nosort -F _comet_async_completion comet-async"
    assert lines[1:] == [name for name in TABLE_NAMES if name.startswith("met")]
    assert done.stderr == ""
