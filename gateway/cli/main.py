"""The tree of verbs and nothing else. A verb's module is imported only when it is asked for.

What ends a verb: 0 done, 1 the check it made failed or its output could not be written, 2 wrong
usage or configuration, 130 interrupted, 141 the reader of its output went away.
"""

from __future__ import annotations

import difflib
import errno
import os
import select
import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from gateway import __version__
from gateway.errors import FaultyFile, MonitionError


class Verb(NamedTuple):
    """Where a verb's command lies, and its line in the overview."""

    module: str
    help: str


# In the order of a day's work. Each module names its command `command`; one that is not there
# is not offered.
VERBS = {
    "demo": Verb("demo", "Show it all at work: messages, matches, a warning, the ledger."),
    "serve": Verb("serve", "Run the gateway."),
    "check": Verb("check", "Explain the verdict on addresses."),
    "config": Verb("config", "Check the configuration, or show what is in force."),
    "policy": Verb("policy", "Test the policy against its examples."),
    "lists": Verb("lists", "Import, update, compare and search sanction lists."),
    "audit": Verb("audit", "Read, question, verify and export the ledger."),
    "ledger": Verb("ledger", "Begin the ledger anew, where it is gone."),
    "notice": Verb("notice", "Preview a notice; look after the outbox."),
    "console": Verb("console", "Run the web console."),
    "completion": Verb("completion", "Print the completion script for a shell."),
}


class Tree(click.Group):
    """A group whose commands are looked up in ``VERBS`` and imported when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the verbs that are there."""
        del ctx
        return [name for name, verb in VERBS.items() if find_spec(f"gateway.cli.{verb.module}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f"gateway.cli.{VERBS[cmd_name].module}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb; an unknown one is told with the nearest known."""
        verbs = self.list_commands(ctx)
        if args[0] not in verbs and not args[0].startswith("-") and not ctx.resilient_parsing:
            near = difflib.get_close_matches(args[0], verbs, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(verbs)}."
            ctx.fail(f"There is no verb {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the overview without importing a single verb."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, VERBS[name].help) for name in self.list_commands(ctx)])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a verb's name without importing one."""
        verbs = [
            CompletionItem(name, help=VERBS[name].help)
            for name in self.list_commands(ctx)
            if name.startswith(incomplete)
        ]
        return verbs + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; what ends it becomes an exit code and a text, never a traceback."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                # What is still held back must meet a reader who left here, not at exit.
                sys.stdout.flush()
        except FaultyFile as error:
            click.echo("\n".join(map(str, error.faults)), err=True)
            ctx.exit(_exit_code(error))
        except MonitionError as error:
            click.echo(f"monition: {error}", err=True)
            ctx.exit(_exit_code(error))
        except PermissionError as error:
            if error.filename is None:
                raise  # no file's: a verb tells of its sockets itself
            click.echo(
                f"monition: {error.filename} cannot be read or written ({error.strerror}): run "
                "this as the gateway's user",
                err=True,
            )
            ctx.exit(2)
        except KeyboardInterrupt:
            click.echo(err=True)
            ctx.exit(130)
        except BrokenPipeError:
            if not _reader_left():
                raise
            _give_up_stdout()
            ctx.exit(141)
        except OSError as error:
            if not _is_of_output(error):
                raise
            _tell_of_output(error)
            ctx.exit(1)


def _is_of_output(error: OSError) -> bool:
    """Whether it is what a write says where no more fits; a file's error names its file."""
    return error.filename is None and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EIO}


def _tell_of_output(error: OSError) -> None:
    with suppress(OSError):
        click.echo(
            f"monition: the output could not be written ({error.strerror}): what was printed is "
            "not all of it",
            err=True,
        )
    _give_up_stdout()


def _give_up_stdout() -> None:
    """Let what is left go nowhere: Python flushes stdout once more at exit, and would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _exit_code(error: MonitionError) -> int:
    """Give an error's own exit code, else that of wrong usage or configuration."""
    return int(getattr(error, "exit_code", 2))


def _reader_left() -> bool:
    """Whether the pipe that broke is one of ours, and no socket of a verb's."""
    poll = select.poll()
    for stream in (sys.stdout, sys.stderr):
        poll.register(stream.fileno(), 0)
    return bool(poll.poll(0))


@click.command(
    cls=Tree,
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="VERB [ARGS]...",
)
@click.version_option(__version__, prog_name="monition", message="%(prog)s %(version)s")
def command() -> None:
    """Watch an institution's outgoing mail for recipients at sanctioned institutions.

    Every message goes through untouched; a match is written down, and its sender is told.
    """


def main() -> None:
    """Run the command line; ends the process."""
    try:
        " ".join(sys.argv).encode()
    except UnicodeEncodeError:
        click.echo(
            "monition: an argument is no UTF-8 text: give it in UTF-8, or a file under another "
            "name",
            err=True,
        )
        sys.exit(2)
    try:
        try:
            command(prog_name="monition")
        finally:
            # Help and version are printed before any verb is asked for.
            sys.stdout.flush()
    except BrokenPipeError:
        if not _reader_left():
            raise
        _give_up_stdout()
        sys.exit(141)
    except OSError as error:
        if not _is_of_output(error):
            raise
        _tell_of_output(error)
        sys.exit(1)
