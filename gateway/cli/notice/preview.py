"""``monition notice preview``: what a sender would read."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gateway.cli.shared.options import config_option, example, load_config, load_lists
from gateway.cli.shared.tables import print_message
from gateway.compliance.previews import preview_notice
from gateway.compliance.previews.preview_notice import PartialAddressError
from gateway.compliance.previews.try_address import UnreadableAddressError

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.config import Config
    from gateway.model import Address


@click.command(
    "preview",
    epilog=example(
        "monition notice preview a@stud.mipt.ru",
        "monition notice preview --from jane@example.edu --html a@hit.edu.cn > notice.html",
    ),
)
@click.argument("address", metavar="ADDRESS")
@config_option
@click.option("--from", "sender", metavar="SENDER", help="Who wrote.  [default: one of ours]")
@click.option("--language", metavar="LANGUAGE", help="As in en.  [default: notices.languages]")
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day to decide for, as in 2026-11-22.  [default: today, UTC]",
)
@click.option("--html", "form", flag_value="html", help="The HTML form, to be seen in a browser.")
@click.option("--raw", "form", flag_value="raw", help="The bytes as they would be handed in.")
def command(
    *,
    address: str,
    config_file: Path | None,
    sender: str | None,
    language: str | None,
    on: datetime | None,
    form: str | None,
) -> None:
    """Show the notice that a message to ADDRESS would bring its sender.

    Nothing is sent or stored. Where no notice would go, that is said, and why.
    """
    config = load_config(config_file)
    texts = preview_notice.read_texts(config)
    writer = _sender(config, sender)
    if language is not None and language not in texts.languages:
        known = ", ".join(sorted(texts.languages))
        raise click.BadParameter(f"has no texts; there are {known}.", param_hint="--language")
    now = datetime.now(UTC)
    if on is not None:
        now = on.replace(hour=now.hour, minute=now.minute, tzinfo=UTC)
    recipient = _recipient(address)
    found = preview_notice.preview(
        config=config,
        snapshot=load_lists(config).snapshot,
        sender=writer,
        recipient=recipient,
        language=language,
        at=now,
    )
    if found.notice is None:
        print_message(f"No notice would be sent: {found.why_none}")
        return
    if not found.writes:
        print_message(
            "Not now: policies.mode is observe, so nobody is written to. With warn it would be:\n"
        )
    if form == "raw":
        sys.stdout.buffer.write(preview_notice.as_bytes(found.notice, config, texts))
        sys.stdout.buffer.flush()
        return
    written = preview_notice.as_html if form == "html" else preview_notice.as_text
    click.echo(written(found.notice, config, texts), nl=False)


def _recipient(text: str) -> Address:
    try:
        return preview_notice.read_recipient(text)
    except PartialAddressError as error:
        raise click.BadParameter(f"{error}.", param_hint="ADDRESS") from None
    except UnreadableAddressError as error:
        raise click.BadParameter(f"cannot be read: {error}.", param_hint="ADDRESS") from None


def _sender(config: Config, text: str | None) -> Address:
    try:
        return preview_notice.read_sender(config, text)
    except UnreadableAddressError as error:
        raise click.BadParameter(f"cannot be read: {error}.", param_hint="--from") from None
