"""Anybody's policy documents: bare, wrapped as the APIs return them, or inside CloudFormation templates.

A file that holds no policy is named and left out. What cannot be read is an error of one line: placeholders without a
value, intrinsic functions, broken or oversized files.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tableguard.errors import PolicyError
from tableguard.iam import documents
from tableguard.iam.documents import Values
from tableguard.prove.unproved import NotProvedError

MOST_BYTES = 1_000_000  # the largest template that CloudFormation takes; the largest policy is 20,480 characters
_JSON = (".json", ".template")
_YAML = (".yaml", ".yml")
_TERRAFORM = re.compile(r"\$\{([^}:*?$,]+)\}")  # variables of IAM have a colon in their names
_ANGLED = re.compile(r"<([^<>]+)>")
_WRAPPERS = ("Policy", "Content", "PolicyDocument", "ResourcePolicy", "Document")
_TYPES = {"SERVICE_CONTROL_POLICY": "scp", "RESOURCE_CONTROL_POLICY": "rcp"}
# where each resource type holds a policy document, and what kind it is
_RESOURCES: Mapping[str, tuple[str, str]] = {
    "AWS::IAM::ManagedPolicy": ("PolicyDocument", "role"),
    "AWS::IAM::Policy": ("PolicyDocument", "role"),
    "AWS::EC2::VPCEndpoint": ("PolicyDocument", "endpoint"),
}


@dataclass(frozen=True)
class Found:
    """A document, where it was found, and its kind (scp, rcp, endpoint, resource, role) as far as that can be told."""

    place: str
    kind: str
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Collection:
    """The documents in a file or a folder, and the files that hold none."""

    found: tuple[Found, ...]
    others: tuple[str, ...] = ()


def read(path: Path, values: Values, kind: str = "") -> Collection:
    """Every policy document in a file or folder, placeholders filled; `kind` for those that do not tell theirs."""
    if not path.exists():
        raise PolicyError(f"{path}: no such file or folder")
    found: list[Found] = []
    others: list[str] = []
    for file in _files(path):
        inside = [
            Found(place, kind or guessed, _filled(document, values, place))
            for place, guessed, document in _documents(str(file), _content(file))
        ]
        found += inside
        if not inside:
            others.append(str(file))
    if not found:
        raise PolicyError(f"{path}: no policy document found; one has a Statement, or is wrapped as Content or Policy")
    return Collection(tuple(found), tuple(others))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return [file for file in sorted(path.rglob("*")) if file.suffix in (*_JSON, *_YAML) and file.is_file()]


def _content(file: Path) -> Any:
    try:
        size = file.stat().st_size
    except OSError as error:
        raise PolicyError(f"{file}: cannot be read ({error.strerror})") from error
    if size > MOST_BYTES:
        raise PolicyError(f"{file}: {size} bytes; the largest template has {MOST_BYTES}, the largest policy far less")
    if file.suffix in _YAML:
        return _yaml(file)
    return documents.read_json(file)


def _yaml(file: Path) -> Any:
    from tableguard.check import sources  # noqa: PLC0415  # yaml is slow to import, and needed for templates only
    from tableguard.errors import CheckError  # noqa: PLC0415

    try:
        return sources.read(file)
    except CheckError as error:
        raise PolicyError(str(error)) from error


def _documents(place: str, content: Any) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Place, kind and document of every policy in the content of a file."""
    if not isinstance(content, dict):
        return
    if isinstance(content.get("Resources"), dict):
        for name, resource in content["Resources"].items():
            if isinstance(resource, dict) and isinstance(resource.get("Properties"), dict):
                yield from _of_resource(f"{place}: {name}", str(resource.get("Type")), resource["Properties"])
    elif "Statement" in content:
        yield place, _kind(place, content), content
    else:
        for wrapper in _WRAPPERS:
            if wrapper in content:
                kind = _TYPES.get(str(_summary(content).get("Type")), "")
                for found, guessed, document in _documents(place, _unwrapped(place, content[wrapper])):
                    yield found, kind or guessed, document
                return


def _summary(content: Mapping[str, Any]) -> Mapping[str, Any]:
    found = content.get("PolicySummary", content)
    return found if isinstance(found, dict) else {}


def _of_resource(
    place: str, resource_type: str, properties: Mapping[str, Any]
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    if resource_type == "AWS::Organizations::Policy":
        kind = _TYPES.get(str(properties.get("Type")))
        if kind and "Content" in properties:
            yield place, kind, _object(place, _unwrapped(place, properties["Content"]))
    elif resource_type in _RESOURCES:
        key, kind = _RESOURCES[resource_type]
        if key in properties:
            yield place, kind, _object(place, _unwrapped(place, properties[key]))
    elif resource_type in ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"):
        for policy in properties.get("Policies", ()):
            if isinstance(policy, dict) and "PolicyDocument" in policy:
                yield f"{place}: {policy.get('PolicyName')}", "role", _object(place, policy["PolicyDocument"])


def _object(place: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict) or "Statement" not in value:
        raise PolicyError(f"{place}: not a policy document: no Statement; render the template first")
    return value


def _unwrapped(place: str, value: Any) -> Any:
    """A document that stands in a text, as the APIs and Terraform write it."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"{place}: the text that should be a policy document is not JSON: {error}") from error


def _kind(place: str, content: Mapping[str, Any]) -> str:
    """The kind of a bare document: by its folder or its name, else by what it holds."""
    words = set(re.split(r"[^a-z]+", place.lower()))
    for kind in documents.KINDS:
        if kind in words:
            return kind
    statements = content["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    if any(isinstance(each, dict) and "Principal" in each for each in listed):
        denials = all(isinstance(each, dict) and each.get("Effect") == "Deny" for each in listed)
        return "rcp" if denials else "resource"
    return "scp"


def _filled(document: Mapping[str, Any], values: Values, place: str) -> Mapping[str, Any]:
    """The document with Terraform's, the samples' and CloudFormation's placeholders replaced by the given values."""
    found = _replaced(document, values, place)
    if not isinstance(found, dict):  # a document that is one intrinsic function
        raise PolicyError(f"{place}: not a policy document")
    return found


def _replaced(node: Any, values: Values, place: str) -> Any:
    if isinstance(node, dict):
        for key in node:
            if key == "Ref" or key.startswith("Fn::"):
                return _intrinsic(key, node[key], values, place)
        return {_text(key, values, place): _replaced(value, values, place) for key, value in node.items()}
    if isinstance(node, list):
        return [each for item in node for each in _items(item, values, place)]
    return _text(node, values, place) if isinstance(node, str) else node


def _items(item: Any, values: Values, place: str) -> list[Any]:
    """A list item with a placeholder for a list in it becomes one item for each of its values."""
    names = (*_TERRAFORM.findall(item), *_ANGLED.findall(item)) if isinstance(item, str) else ()
    lists = {name: given for name in names if isinstance(given := values.get(name), tuple)}
    if len(lists) != 1:
        return [_replaced(item, values, place)]
    ((name, given),) = lists.items()
    return [_replaced(item, {**values, name: value}, place) for value in given]


def _intrinsic(key: str, argument: Any, values: Values, place: str) -> str:
    name = {"Ref": "Ref", "Fn::Sub": "Fn::Sub"}.get(key)
    if name is None or not isinstance(argument, str):
        raise NotProvedError(f"{place}: {key} has no value here; render the template first")
    text = f"${{{argument}}}" if key == "Ref" else argument
    return _text(re.sub(r"\$\{AWS::(\w+)\}", r"<AWS::\1>", text), values, place)


def _text(text: str, values: Values, place: str) -> str:
    def given(match: re.Match[str]) -> str:
        found = values.get(match[1])
        if found is None:
            raise NotProvedError(
                f"{place}: no value for the placeholder {match[0]}; give one under [values] in the claims file, "
                f'"{match[1]}" = "…"'
            )
        if not isinstance(found, str):
            raise NotProvedError(f"{place}: {match[0]} is a list and stands inside a text")
        return found

    return _ANGLED.sub(given, _TERRAFORM.sub(given, text))
