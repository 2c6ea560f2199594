"""``monition completion``: the script that lets a shell complete verbs and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from gateway.cli.shared.options import example


@click.command(
    epilog=example(
        "monition completion bash > /etc/bash_completion.d/monition",
        "monition completion fish > ~/.config/fish/completions/monition.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script for SHELL."""
    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(context.find_root().command, {}, "monition", "_MONITION_COMPLETE")
    click.echo(script.source())
