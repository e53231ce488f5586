"""The program as a click group: examples in every help, one line for every error."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click

from comet_async.cli.exits import Exit, Quit, code_of, code_of_os_error
from comet_async.cli.output import PROGRAM, discard_output, flush, say
from comet_async.errors import CometAsyncError
from comet_async.redaction import mask

__all__ = ["Command", "Group", "Program"]

_NO_ARGUMENTS: tuple[type[click.UsageError], ...] = tuple(
    getattr(click.exceptions, name)
    for name in ("NoArgsIsHelpError",)
    if hasattr(click.exceptions, name)
)
"""What click from 8.2 on raises in place of printing the help."""
_GLOBAL = ("--url", "--ca-bundle", "--proxy", "--verbose", "-v")


def _write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    if examples:
        with formatter.section("Examples"):
            for line in examples:
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")


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
        try:
            code: object = super().main(args, prog_name or PROGRAM, **extra)  # type: ignore[call-overload]  # as above
            flush()
        except click.ClickException as error:
            _say_usage(error)
            code = Exit.USAGE
        except (click.Abort, KeyboardInterrupt):
            code = Exit.INTERRUPTED
        except BrokenPipeError:
            discard_output()
            code = Exit.BROKEN_PIPE
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
