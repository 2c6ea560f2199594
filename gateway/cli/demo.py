"""``monition demo``: the whole road once, with real messages over SMTP on loopback."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway import log
from gateway.cli import audit
from gateway.cli.shared.options import example
from gateway.serve.demo.demo_gateway import run_demo, search_ledger

if TYPE_CHECKING:
    from collections.abc import Iterable
    from email.message import EmailMessage

    from gateway.serve.demo.demo_gateway import Mailbox
    from gateway.serve.demo.demo_letters import DemoLetter


@click.command(epilog=example("monition demo", "monition demo --keep"))
@click.option("--keep", is_flag=True, help="Keep the folder with its ledger and mailboxes.")
def command(keep: bool) -> None:
    """Show it all at work: messages, matches, a warning, the ledger.

    Starts a gateway and a next hop on loopback, sends five messages through, shows what came of
    each, and ends by itself. Nothing leaves this machine.
    """
    folder = Path(tempfile.mkdtemp(prefix="monition-demo-"))
    try:
        with (folder / "gateway.log").open("w", encoding="utf-8") as log_file:
            log.set_up(log_file)
            numbers = itertools.count(1)
            outcome = run_demo(
                folder, _show_listening, lambda letter, reply: _show(next(numbers), letter, reply)
            )
            click.echo()
            _show_deliveries(outcome.delivered)
            _show_notice(outcome.notice)
            _show_ledger(outcome.config_file)
            _show_absence(folder)
        _say_what_next(folder, keep=keep)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _show_listening(address: str) -> None:
    click.echo(f"A gateway listens on {address}; its next hop fills Maildirs.\n")
    _title("1. Five messages over SMTP")


def _show(number: int, letter: DemoLetter, reply: str) -> None:
    click.echo(f"   {number}. {letter.title}\n      {', '.join(letter.to)}  ->  {reply}")


def _show_deliveries(delivered: Iterable[Mailbox]) -> None:
    _title("2. What was delivered: everything")
    for box in delivered:
        click.echo(f"   {box.address:32} {'; '.join(box.subjects)}")
    click.echo()


def _show_notice(notice: EmailMessage) -> None:
    _title("3. One of the two notices, as the professor reads it")
    for name in ("From", "To", "Reply-To", "Subject", "Auto-Submitted"):
        click.echo(f"   {name}: {notice[name]}")
    body = notice.get_body(("plain",))
    assert body is not None
    click.echo("\n" + textwrap.indent(body.get_content(), "   "))


def _show_ledger(config_file: Path) -> None:
    _title("4. What the ledger says")
    for verb in ("list", "verify"):
        arguments = [verb, "-c", str(config_file)]
        click.echo(f"   $ monition audit {' '.join(arguments)}")
        audit.command.main(arguments, prog_name="monition audit", standalone_mode=False)
        click.echo()


def _show_absence(folder: Path) -> None:
    _title("5. What it did not record")
    searched = search_ledger(folder)
    for word, is_found in searched.words:
        click.echo(f"   {word!r:40} {'FOUND' if is_found else 'not there'}")
        if is_found:
            raise click.ClickException(f"{word!r} stands in the ledger's folder")
    click.echo(f"   (looked for in all {searched.files} files of the ledger's folder)\n")


def _say_what_next(folder: Path, *, keep: bool) -> None:
    _title("What to type next")
    lines = ["monition check someone@stud.mipt.ru friend@gmail.com"]
    lines += ["monition notice preview someone@mipt.ru"]
    if keep:
        config = folder / "monition.toml"
        lines += [f"monition audit show EVENT -c {config}", f"monition config show -c {config}"]
    else:
        lines += ["monition demo --keep           the same, and the folder stays to be looked at"]
    for line in lines:
        click.echo(f"   {line}")
    click.echo("   docs/postfix.md                how to put it behind Postfix")


def _title(text: str) -> None:
    click.secho(text, bold=True)
