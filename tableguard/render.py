"""Settings -> rendered CloudFormation: plain YAML, one file a stack, the same bytes every time."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from tableguard.errors import TemplateError
from tableguard.settings import Settings
from tableguard.stacks import Stack, chosen

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
TEMPLATE_BODY_BYTES = 51_200  # above it a template must be uploaded to S3 first
TEMPLATE_BYTES = 1_000_000
RESOURCES = 500

_HEADER = (
    "# Made by `tableguard render` from templates/{name}.py and settings. Do not edit: change those and render again.\n"
)
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def render(settings: Settings, stacks: Iterable[Stack] | None = None) -> dict[str, str]:
    """Stack name -> YAML text, in deployment order; TemplateError if a CloudFormation limit is broken."""
    return {stack.name: _render(stack, settings) for stack in (chosen(settings) if stacks is None else stacks)}


def _render(stack: Stack, settings: Settings) -> str:
    template = stack.template(settings).to_dict()
    count = len(template.get("Resources", {}))
    if count > RESOURCES:
        raise TemplateError(f"stack {stack.name}: {count} resources; CloudFormation takes at most {RESOURCES}")
    text = _HEADER.format(name=stack.name) + yaml.dump(
        template, Dumper=_DumperWithoutAliases, sort_keys=True, default_flow_style=False, width=110, allow_unicode=True
    )
    size = len(text.encode())
    if size > TEMPLATE_BYTES:
        raise TemplateError(f"stack {stack.name}: {size} bytes; CloudFormation takes at most {TEMPLATE_BYTES}")
    return text


class _DumperWithoutAliases(_DUMPER):  # type: ignore[misc]  # chosen at run time: the C one where it was built
    def ignore_aliases(self, data: Any) -> bool:
        """Write shared values out in full: a reader of the YAML should not have to chase anchors."""
        return True


def write(rendered: dict[str, str], directory: Path) -> list[Path]:
    """Write each stack to <directory>/<stack>.yaml and return the paths."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        paths = [directory / f"{name}.yaml" for name in rendered]
        for path, text in zip(paths, rendered.values(), strict=True):
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TemplateError(f"{error.filename or directory}: cannot be written ({error.strerror})") from error
    return paths
