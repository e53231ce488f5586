"""The fixtures of the command line, for every test module that describes its data as `SPEC`."""

from tests.support.command_line import listening, run, server

__all__ = ["listening", "run", "server"]
