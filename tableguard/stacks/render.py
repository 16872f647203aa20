"""Render stacks as CloudFormation templates: plain YAML, one file a stack, the same bytes every time."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from tableguard.cloudformation.limits import Limits
from tableguard.errors import TemplateError
from tableguard.settings import Settings
from tableguard.stacks.registry import StackModule, enabled_stacks

_HEADER = (
    "# Made by `tableguard render` from templates/{name}.py and settings. Do not edit: change those and render again.\n"
)
_LIMITS = Limits()
# libyaml's where it was built
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def render(settings: Settings, stacks: Iterable[StackModule] | None = None, limits: Limits = _LIMITS) -> dict[str, str]:
    """Return YAML by stack name, in the order of deployment; TemplateError if a limit of CloudFormation is exceeded."""
    wanted = enabled_stacks(settings) if stacks is None else stacks
    return {stack.name: _render(stack, settings, limits) for stack in wanted}


def _render(stack: StackModule, settings: Settings, limits: Limits) -> str:
    template = stack.document(settings)
    for section in ("Resources", "Parameters", "Outputs"):
        _check_limit(stack, len(template.get(section, {})), section.lower(), getattr(limits, section.lower()))
    text = _HEADER.format(name=stack.name) + as_yaml(template)
    _check_limit(stack, len(text.encode()), "bytes", limits.template_bytes)
    return text


def as_yaml(template: Any) -> str:
    """Return a template as YAML: the same bytes every time."""
    text: str = yaml.dump(
        template, Dumper=_DumperWithoutAliases, sort_keys=True, default_flow_style=False, width=110, allow_unicode=True
    )
    return text


def _check_limit(stack: StackModule, number: int, unit: str, most: int) -> None:
    if number > most:
        raise TemplateError(f"stack {stack.name}: {number} {unit}; CloudFormation takes at most {most}")


class _DumperWithoutAliases(_DUMPER):  # type: ignore[misc]  # chosen at run time: the C one where it was built
    def ignore_aliases(self, data: Any) -> bool:
        """Return True, so that repeated values are written in full and a reader need not chase anchors."""
        return True


def write(rendered: dict[str, str], directory: Path) -> list[Path]:
    """Write each stack to <directory>/<stack>.yaml and return the paths."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        paths = [directory / f"{name}.yaml" for name in rendered]
        for path in paths:
            if path.is_dir():
                raise TemplateError(f"{path}: is a folder, and a stack would be written there")
        # all are written under other names first: where one fails, none of the old ones is touched
        with TemporaryDirectory(prefix=".render-", dir=directory) as folder:
            for path, text in zip(paths, rendered.values(), strict=True):
                Path(folder, path.name).write_text(text, encoding="utf-8")
            for path in paths:
                Path(folder, path.name).replace(path)
    except FileExistsError as error:
        raise TemplateError(f"{directory}: is no folder, and the stacks would be written into it") from error
    except OSError as error:
        raise TemplateError(f"{error.filename or directory}: cannot be written ({error.strerror})") from error
    return paths
