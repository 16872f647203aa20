"""Print the script that completes commands and options in a shell.

\b
bash:  eval "$(tableguard completion bash)"    in ~/.bashrc
zsh:   eval "$(tableguard completion zsh)"     in ~/.zshrc
fish:  tableguard completion fish > ~/.config/fish/completions/tableguard.fish
"""

import click
from click.shell_completion import get_completion_class

from tableguard.cli.command import Command


@click.command(cls=Command, help=__doc__)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")), help="the shell that is to complete")
@click.pass_context
def command(context: click.Context, *, shell: str) -> None:
    """Print click's script for the shell."""
    root, kind = context.find_root(), get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell}: no completion for this shell", context)
    print(kind(root.command, {}, "tableguard", "_TABLEGUARD_COMPLETE").source())
