"""Click's commands as this program has them: loaded when called, sections in their help, errors in one line."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import click
from click.core import augment_usage_errors

from tableguard.cli.exit_codes import exit_code

FINDINGS_CODES = "Exit codes: 0 fine, 1 findings, 2 error (could not run the check)."
ERROR_CODES = "Exit codes: 0 done, 2 error."


def _uncolour(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        context.color = False


def uncoloured(*, hidden: bool = False) -> Callable[[Any], Any]:
    """Return the decorator that adds --no-color; every command takes it, and the help of `tableguard` shows it."""
    text = "no colours on a terminal either (NO_COLOR in the environment does the same)"
    return click.option("--no-color", is_flag=True, expose_value=False, hidden=hidden, callback=_uncolour, help=text)


class TableOption(click.Option):
    """An option that names the table or who works on it; help lists these after the command's own."""


class Command(click.Command):
    """A command that ends with an exit code, whatever happens in it."""

    def __init__(self, name: str | None, *, epilog: str = ERROR_CODES, **named: Any) -> None:
        super().__init__(name, epilog=epilog, **named)
        uncoloured(hidden=True)(self)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; every error knows the command, which click's own about a missing value does not."""
        with augment_usage_errors(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> int:
        """Run the body; an error names the command."""
        return exit_code(partial(super().invoke, ctx), ctx.command_path)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options, then those that every command on a table takes."""
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        for title, table in (("Options", False), ("Options of every command on a table", True)):
            records = [param.get_help_record(ctx) for param in options if isinstance(param, TableOption) is table]
            rows = [record for record in records if record]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


class SectionedGroup(click.Group):
    """Commands in sections, each a module of a package, of its name, that is imported when it is called."""

    def __init__(self, *positional: Any, package: str, sections: Mapping[str, Sequence[str]], **named: Any) -> None:
        super().__init__(*positional, **named)
        self.package, self.sections = package, sections

    def list_commands(self, ctx: click.Context | None = None) -> list[str]:  # click's signature
        """Name the commands, section by section."""
        return [name for names in self.sections.values() for name in names]

    def get_command(self, ctx: click.Context | None, cmd_name: str) -> click.Command | None:
        """Import the module of a command; None for a name that is not one."""
        if cmd_name not in self.list_commands():
            return None
        command: click.Command = importlib.import_module(self._module(cmd_name)).command
        return command

    def summary(self, name: str) -> str:
        """Read the first line of the docstring of a command's module, which is not run for it: --help is quick so."""
        spec = importlib.util.find_spec(self._module(name))
        code: Any = spec.loader.get_code(spec.name) if spec and spec.loader else None  # type: ignore[attr-defined]
        return str(code.co_consts[0]).partition("\n")[0]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one line for each command, in sections as wide as each other."""
        width = max(map(len, self.list_commands()))
        for title, names in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), self.summary(name)) for name in names])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with; an error proposes the names that are like it."""
        if not ctx.resilient_parsing and not args[0].startswith("-") and args[0] not in self.list_commands():
            raise click.exceptions.NoSuchCommand(args[0], possibilities=self.list_commands(), ctx=ctx)
        return super().resolve_command(ctx, args)

    def main(self, *positional: Any, **named: Any) -> Any:
        """Run a command line; standalone as click has it, this ends the process with the exit code."""
        return self._main(*positional, **named)

    def _main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str = "tableguard",
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **context: Any,
    ) -> int:
        arguments = list(sys.argv[1:] if args is None else args)
        self._main_shell_completion(context, prog_name, complete_var)
        code = exit_code(partial(self._run, arguments, prog_name, context), prog_name)
        if standalone_mode:
            sys.exit(code)
        return code

    def _run(self, arguments: list[str], program: str, context: dict[str, Any]) -> int | None:
        with self.make_context(program, arguments, **context) as ctx:
            code: int | None = self.invoke(ctx)
        return code

    def _module(self, name: str) -> str:
        return f"{self.package}.{name.replace('-', '_')}"
