"""The program as a click group: examples in every help, one line for every error."""

from __future__ import annotations

import re
import shlex
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click

from comet_async.cli.exits import MEANINGS, Exit, Quit, code_of, code_of_os_error
from comet_async.cli.output import PROGRAM, discard_output, flush, over_echo, say
from comet_async.errors import CometAsyncError
from comet_async.redaction import mask, without_signatures

__all__ = ["Command", "Group", "Program", "example_lines", "same_command"]

_NO_ARGUMENTS: tuple[type[click.UsageError], ...] = tuple(
    getattr(click.exceptions, name)
    for name in ("NoArgsIsHelpError",)
    if hasattr(click.exceptions, name)
)
"""What click from 8.2 on raises in place of printing the help."""
_GLOBAL = ("--url", "--ca-bundle", "--proxy", "--quiet", "-q", "--verbose", "-v")
_ARGUMENTS = f"{__name__}.arguments"
_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")


def example_lines(example: str, width: int) -> list[str]:
    r"""Return an example on lines no longer than `width`, as a shell takes them.

    >>> example_lines("comet-async ls team/resnet --limit 10", 30)
    ['comet-async ls team/resnet \\', '    --limit 10']

    Args:
        example: A command line.
        width: Characters of a line; a single word may be longer.
    """
    lines, line = list[str](), ""
    words: list[str] = _WORD.findall(example)
    groups: list[str] = []
    for word in words:
        if groups and not word.startswith("-") and re.fullmatch(r"-\S*", groups[-1]):
            groups[-1] += f" {word}"
        else:
            groups.append(word)
    for group in groups:
        if line.strip() and len(line) + 1 + len(group) > width - len(" \\"):
            lines.append(f"{line} \\")
            line = f"    {group}"
        else:
            line = f"{line} {group}" if line else group
    return [*lines, line]


def _write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    if not examples:
        return
    with formatter.section("Examples"):
        indent = formatter.current_indent
        for example in examples:
            for line in example_lines(example, formatter.width - indent):
                formatter.write(f"{'':{indent}}{line}\n")


def same_command(ctx: click.Context, *more: str) -> str:
    """Return the command line that was given, fit to be pasted; passwords in URLs are masked.

    Args:
        ctx: The context of a command.
        more: Options to put at the end, unless they were given.
    """
    given: list[str] = ctx.meta.get(_ARGUMENTS, [])
    added: list[str] = [] if more and more[0] in given else [*more]
    return without_signatures(shlex.join([PROGRAM, *given, *added]))


class Command(click.Command):
    """A command whose help ends with examples, one command line each."""

    examples: Sequence[str] = ()

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        del ctx
        _write_examples(formatter, self.examples)


class Group(click.Group):
    """A group whose help ends with examples."""

    command_class = Command
    examples: Sequence[str] = ()

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        del ctx
        _write_examples(formatter, self.examples)


class Program(Group):
    """The whole program: turns errors into one line and an exit code, never a traceback."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options before the command, and remember all arguments."""
        ctx.meta[_ARGUMENTS] = [*args]
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes and the examples."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(code)), told) for code, told in MEANINGS.items()])
        super().format_epilog(ctx, formatter)

    def invoke(self, ctx: click.Context) -> int:
        """Run the command and return its exit code."""
        try:
            code = super().invoke(ctx)
            flush()
        except BrokenPipeError:
            discard_output()
            return Exit.BROKEN_PIPE
        except CometAsyncError as error:
            say(str(error))
            return code_of(error)
        except Quit as error:
            say(error.message)
            return error.code
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            say(f"{error.strerror or type(error).__name__}{where}")
            discard_output()
            return code_of_os_error(error)
        return code if isinstance(code, int) else Exit.OK

    def main(  # type: ignore[override]  # click declares overloads by standalone_mode
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        **extra: object,
    ) -> NoReturn:
        """Run the program with `args` and end the process with its exit code."""
        extra["standalone_mode"] = False
        output = sys.stdout
        try:
            code: object = super().main(args, prog_name or PROGRAM, **extra)  # type: ignore[call-overload]  # as above
            flush()
        except click.ClickException as error:
            _say_usage(error)
            code = Exit.USAGE
        except (click.Abort, KeyboardInterrupt):
            over_echo()
            say("stopped")
            code = Exit.INTERRUPTED
        except BrokenPipeError:
            discard_output()
            code = Exit.BROKEN_PIPE
        except SystemExit as ended:  # of completion, or what click makes of a broken pipe
            code = ended.code if sys.stdout is output else Exit.BROKEN_PIPE
        except Exception as error:  # noqa: BLE001 the last resort: users see a line, no traceback
            say(_bug(error))
            code = Exit.FAILED
        sys.exit(code if isinstance(code, int) else Exit.OK)


def _say_usage(error: click.ClickException) -> None:
    """Say a usage error; where there are no arguments at all it is the help, in all its lines."""
    if isinstance(error, _NO_ARGUMENTS):
        click.echo(error.format_message(), err=True)
    else:
        say(_usage(error))


def _usage(error: click.ClickException) -> str:
    """Return a usage error in one line, with the help that leads on."""
    text = error.format_message().rstrip(".").replace("\n", " ")
    context = getattr(error, "ctx", None)
    if isinstance(error, click.NoSuchOption) and error.option_name in _GLOBAL:
        return f"{text}; it goes before the command: {PROGRAM} {error.option_name} ... COMMAND"
    if isinstance(context, click.Context):
        return f"{text} (see `{context.command_path} --help`)"
    return text


def _bug(error: Exception) -> str:
    """Return what to report of an error that is a mistake in this program."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{place.name}, line {place.lineno}"
    return (
        f"internal error, please report it: {type(error).__name__} in {where}: {mask(str(error))}"
    )
