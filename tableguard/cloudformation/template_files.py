"""Find and read template files; a file that cannot be a template is refused in one line."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from tableguard.cloudformation.limits import Limits
from tableguard.errors import CheckError
from tableguard.reading import cloudformation_yaml
from tableguard.reading.line_numbers import Key, LineNumbers

SUFFIXES = (".json", ".template", ".yaml", ".yml")

_MOST_BYTES = Limits().template_bytes


@dataclass(frozen=True)
class TemplateFile:
    """One template: the file that a report names, where its text lies, and its content, short intrinsics in full."""

    file: str
    path: Path
    body: dict[str, Any]

    def resources(self, resource_type: str) -> dict[str, dict[str, Any]]:
        """Return the properties of the resources of one type, by logical id."""
        return {
            logical_id: properties
            for logical_id, resource in self.body["Resources"].items()
            if isinstance(resource, dict)
            and resource.get("Type") == resource_type
            and isinstance(properties := resource.get("Properties"), dict)
        }

    def line_of(self, path: Sequence[Key]) -> int:
        """Return the line of a part of the template."""
        return self._lines.line_of(path)

    @cached_property
    def _lines(self) -> LineNumbers:
        return LineNumbers(self.path.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class TemplateFiles:
    """The templates in files and folders, the other files there, and the links to folders, which are not followed."""

    templates: tuple[TemplateFile, ...]
    others: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


def find(paths: Iterable[Path], besides: Collection[str] = ()) -> TemplateFiles:
    """Find the templates in files and folders; CheckError for what is missing, unreadable, broken or empty.

    Files that are looked at `besides`, as something else, are passed over; where there are some, no template is needed.
    """
    templates: list[TemplateFile] = []
    others: list[str] = []
    links: list[str] = []
    for path, named in _files(paths):
        if path.is_dir():
            links.append(str(path))
            continue
        if str(path) in besides:
            continue
        body = read(path)
        if is_template(body):
            _check_size(path, body)
            templates.append(TemplateFile(str(path), path, body))
        elif named:
            raise CheckError(f"{path}: not a CloudFormation template: it has no Resources; name a template or a folder")
        else:
            others.append(str(path))
    if not templates and not besides:
        looked = ", ".join(map(str, paths)) or "nothing"
        raise CheckError(f"{looked}: no CloudFormation template found; templates end in {', '.join(SUFFIXES)}")
    return TemplateFiles(tuple(templates), tuple(others), tuple(links))


def _check_size(path: Path, body: dict[str, Any]) -> None:
    """Refuse a template that CloudFormation would refuse for its size, before engines spend time on it."""
    count, most = len(body["Resources"]), Limits().resources
    if count > most:
        raise CheckError(f"{path}: {count} resources; CloudFormation takes at most {most}")


def is_template(body: Any) -> bool:
    """Tell whether a file's content is a CloudFormation template: a map with resources."""
    return isinstance(body, dict) and isinstance(body.get("Resources"), dict)


def _files(paths: Iterable[Path]) -> list[tuple[Path, bool]]:
    """Return each file and linked folder once, with True if it was named itself and False if it lies in a folder."""
    files: dict[Path, bool] = {}
    for path in paths:
        if path.is_dir():
            files = {**dict.fromkeys(_inside(path), False), **files}
        elif path.is_file():
            files[path] = True
        elif path.exists():
            raise CheckError(f"{path}: neither a file nor a folder")
        else:
            raise CheckError(f"{path}: no such file or folder")
    return sorted(files.items())


def _inside(folder: Path) -> Iterator[Path]:
    """Yield what may be templates below a folder, and links to folders; CheckError for what hides a template."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise CheckError(f"{folder}: cannot be read ({error.strerror})") from error
    for entry in entries:
        if entry.is_dir():
            yield from (entry,) if entry.is_symlink() else _inside(entry)
        elif entry.suffix in SUFFIXES:
            if not entry.exists():
                raise CheckError(f"{entry}: a link to nothing; remove it, or put the file in its place")
            if entry.is_file():
                yield entry


def read(path: Path) -> Any:
    """Read the content of a YAML or JSON file; CheckError names the line that is wrong."""
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise CheckError(f"{path}: {size} bytes; CloudFormation takes at most {_MOST_BYTES}")
        return parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CheckError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise CheckError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise CheckError(f"{path}:{error.lineno}: not JSON: {error.msg}") from error
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise CheckError(f"{path}{line}: not YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise CheckError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise CheckError(f"{path}: nested too deeply to be a template") from error


def parse(text: str) -> Any:
    """Read a template's text: as JSON if it begins as JSON does, where tabs are legal that YAML refuses."""
    if text.lstrip().startswith("{"):
        return json.loads(text)
    alias = cloudformation_yaml.first_alias(text)
    if alias is not None:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html: no aliases in templates
        raise yaml.MarkedYAMLError(problem="an alias, which CloudFormation does not take", problem_mark=alias)
    return cloudformation_yaml.load(text)
