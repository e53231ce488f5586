"""Every command, by a walk over all of them: help, examples that parse, options that are told."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from comet_async.cli.commands import example_lines, same_command
from comet_async.cli.exits import MEANINGS, Exit
from comet_async.cli.main import program
from comet_async.cli.output import PROGRAM
from tests.support.command_line import control_bytes

CALL = (PROGRAM, "call")
WIDTH = 80
_AFTER = ("|", ">", "<", ">>", "&&")


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Give each command with the words that lead to it; the endpoints of `call` count as one."""

    def below(
        command: click.Command, words: tuple[str, ...], parent: click.Context | None
    ) -> Iterator[tuple[tuple[str, ...], click.Command]]:
        yield words, command
        if isinstance(command, click.Group) and words != CALL:
            context = click.Context(command, parent=parent, info_name=words[-1])
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None, f"`{' '.join(words)}` lists `{name}`, which is not there"
                yield from below(found, (*words, name), context)

    yield from below(program, (PROGRAM,), None)


ALL = {" ".join(words): (words, command) for words, command in commands()}


@pytest.fixture(params=ALL)
def told(request: pytest.FixtureRequest) -> tuple[tuple[str, ...], click.Command]:
    found: tuple[tuple[str, ...], click.Command] = ALL[request.param]
    return found


def help_of(words: tuple[str, ...], width: int) -> str:
    """Return what `--help` prints on a terminal of some width."""
    context = click.Context(program, info_name=PROGRAM, terminal_width=width)
    command: click.Command = program
    for name in words[1:]:
        assert isinstance(command, click.Group)
        found = command.get_command(context, name)
        assert found is not None
        command, context = found, click.Context(found, parent=context, info_name=name)
    return command.get_help(context)


def examples_of(command: click.Command) -> tuple[str, ...]:
    found: tuple[str, ...] = tuple(getattr(command, "examples", ()))
    return found


def parsed(line: str) -> list[click.Context]:
    """Return the contexts of a command line that click parses and nobody runs."""
    arguments = shlex.split(line)
    assert arguments[0] == PROGRAM
    for at, word in enumerate(arguments):
        if word in _AFTER:
            arguments = arguments[:at]
            break
    context = program.make_context(PROGRAM, arguments[1:])
    found = [context]
    while isinstance(context.command, click.Group):
        left = [*context._protected_args, *context.args]
        if not left:
            break
        name, command, left = context.command.resolve_command(context, left)
        assert command is not None
        context = command.make_context(name, left, parent=context)
        found.append(context)
    return found


@pytest.fixture
def any_file_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let options take files that examples name and that are not here."""

    def convert(
        self: click.Path, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        return Path(value)

    monkeypatch.setattr(click.Path, "convert", convert)


def test_every_command_has_help(told: tuple[tuple[str, ...], click.Command]) -> None:
    words, command = told
    line = " ".join(words)
    assert command.help, f"`{line}` has no help: give its function a docstring"
    first = command.help.split("\n\n")[0]
    assert first.rstrip().endswith("."), f"the first sentence of `{line} --help` has no full stop"


@pytest.mark.parametrize("width", [80, 60])
def test_no_line_of_help_is_wider_than_the_terminal(
    told: tuple[tuple[str, ...], click.Command], width: int
) -> None:
    words, _ = told
    text = help_of(words, width)
    wide = [line for line in text.splitlines() if len(line) > width]
    assert not wide, f"`{' '.join(words)} --help` has lines wider than {width}: {wide}"
    assert control_bytes(text) == []


def test_every_option_is_told(told: tuple[tuple[str, ...], click.Command]) -> None:
    words, command = told
    silent = [
        option.opts[0]
        for option in command.params
        if isinstance(option, click.Option) and not (option.help or "").strip()
    ]
    assert not silent, f"`{' '.join(words)}` has options without help=: {silent}"


@pytest.mark.usefixtures("any_file_exists")
def test_every_command_has_examples_and_they_parse(
    told: tuple[tuple[str, ...], click.Command],
) -> None:
    words, command = told
    line = " ".join(words)
    examples = examples_of(command)
    own = [example for example in examples if example.startswith(PROGRAM)]
    assert own, f"`{line}` has no example: set its `examples` to lines that begin with {PROGRAM!r}"
    assert any(f"{line} ".startswith(f"{PROGRAM} ") and _is_of(line, one) for one in own), (
        f"no example of `{line}` is one of it: {own}"
    )
    for example in own:
        try:
            parsed(example)
        except click.exceptions.Exit:
            continue  # an eager option, as --help, ends the parsing
        except click.UsageError as error:
            pytest.fail(f"an example of `{line}` does not parse: {example}: {error.message}")


def _is_of(line: str, example: str) -> bool:
    """Tell whether an example runs a command, or for a group one below it."""
    return f"{example} ".startswith(f"{line} ") or line == PROGRAM


def test_examples_in_help_can_be_pasted(told: tuple[tuple[str, ...], click.Command]) -> None:
    words, command = told
    for width in (80, 40):
        text = help_of(words, width).partition("Examples:\n")[2]
        joined = re.sub(r" \\\n\s+", " ", text)
        shown = [shlex.split(line) for line in joined.splitlines()]
        assert shown == [shlex.split(example) for example in examples_of(command)]


def test_every_progress_can_be_silenced_and_data_has_a_form_for_programs() -> None:
    flags = {
        line: {flag for param in command.params for flag in param.opts}
        for line, (_, command) in ALL.items()
    }
    long = {"harvest", "upload", "archive", "restore", "move", "tag", "delete", "verify", "demo"}
    for line in (*(f"{PROGRAM} {name}" for name in long), f"{PROGRAM} artifact download"):
        assert {"-q", "--quiet"} <= flags[line], f"`{line}` shows progress and has no --quiet"
    for line, (_, command) in ALL.items():
        name = line.removeprefix(f"{PROGRAM} ")
        if isinstance(command, click.Group) or name in {"serve", "login", "completion", "demo"}:
            continue
        found = flags[line] & {"--json", "--format"}
        assert found or name in WITHOUT_JSON, f"`{line}` prints data and has no --json"


WITHOUT_JSON = {"chart", "report", "export"}
"""Commands that write files, and print no more than their names."""


HINT = re.compile(r"`(comet-async[^`]*)`")


def hints() -> Iterator[tuple[str, str]]:
    """Give each command line between backticks in sources and help, with its place."""
    root = Path(__file__).parents[2] / "comet_async"
    for path in sorted(root.rglob("*.py")):
        for found in HINT.finditer(path.read_text("utf-8")):
            yield path.relative_to(root).as_posix(), " ".join(found[1].split())


def test_hints_name_commands_that_are_there() -> None:
    seen = 0
    for place, hint in hints():
        words = [word for word in shlex.split(hint.replace("...", "")) if word != "NAME"]
        known = PROGRAM
        for word in words[1:]:
            if word.startswith(("-", "{")) or known in {f"{PROGRAM} call", f"{PROGRAM} serve"}:
                break
            if f"{known} {word}" not in ALL and isinstance(ALL[known][1], click.Group):
                pytest.fail(f"{place} speaks of `{hint}`, and `{known}` has no {word!r}")
            if f"{known} {word}" in ALL:
                known = f"{known} {word}"
        seen += 1
    assert seen > 20


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("comet-async call get_experiment_metric --no", "comet-async call get_experiment_metric"),
        ("comet-async call get-projects --nope", "comet-async call get_projects"),
        (
            "comet-async call --service domino get_jobs",
            "comet-async call --service domino get_jobs",
        ),
        ("comet-async registry ls", "comet-async registry ls"),
        ("comet-async harvest", "comet-async harvest"),
    ],
)
def test_a_usage_error_leads_to_a_help_that_is_there(
    line: str, hint: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        program.main(shlex.split(line)[1:])
    assert raised.value.code == Exit.USAGE
    err = capfd.readouterr().err
    assert err.endswith(f"(see `{hint} --help`)\n")
    with pytest.raises(SystemExit) as helped:
        program.main([*shlex.split(hint)[1:], "--help"])
    assert helped.value.code == 0
    assert f"Usage: {hint} [OPTIONS]" in capfd.readouterr().out


def test_exit_codes_are_told() -> None:
    text = help_of((PROGRAM,), WIDTH)
    assert set(MEANINGS) == set(Exit)
    for code, meaning in MEANINGS.items():
        assert re.search(rf"^  {int(code)} +{re.escape(meaning)}$", text, re.MULTILINE)


def test_examples_break_where_a_shell_lets_them() -> None:
    quoted = 'comet-async query a/b \'Metric("loss") < 0.1 and Tag("best")\' --limit 10 --json'
    assert example_lines(quoted, 60) == [
        "comet-async query a/b \\",
        '    \'Metric("loss") < 0.1 and Tag("best")\' --limit 10 \\',
        "    --json",
    ]
    assert example_lines(quoted, 200) == [quoted]


def test_the_same_command_can_be_pasted_and_shows_no_password() -> None:
    line = "comet-async --proxy http://me:sesame@proxy:1 upload KEY 'a file' --skip-existing"
    seen: list[str] = []

    context = program.make_context(PROGRAM, shlex.split(line)[1:])
    seen += [same_command(context), same_command(context, "--skip-existing")]
    seen.append(same_command(context, "--more", "x y"))
    shown = line.replace("me:sesame", "***")
    assert seen == [shown, shown, f"{shown} --more 'x y'"]


def test_every_json_says_whether_it_is_a_document_or_lines() -> None:
    for line, (_, command) in ALL.items():
        for option in command.params:
            if isinstance(option, click.Option) and "--json" in option.opts:
                told = option.help or ""
                said = "one JSON document" in told or "JSON lines" in told
                assert said, (
                    f"`{line} --json` does not say whether it prints one JSON document or"
                    f" JSON lines: {told!r}"
                )
