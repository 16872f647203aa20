"""The least with which an operation of a service can be called: what its model requires, and nothing else."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.model import OperationModel

from tests.paths import ROOT

Shape = Any  # botocore's, which have no types

# what the policies speak of, what users of the estate try, and what is made a client of under another name
_ALSO = ("accessanalyzer", "dax", "dynamodbstreams")
# CloudFormation calls these otherwise than their clients are called
_CALLED = {"ApplicationAutoScaling": "application-autoscaling", "Cognito": "cognito-identity"}


def least_arguments(operation: OperationModel, present: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments that botocore's own validation takes, with not one more than it wants; present ones as they are."""
    arguments: dict[str, Any] = {} if operation.input_shape is None else _least(operation.input_shape, ())
    return {name: present.get(name, value) for name, value in arguments.items()}


def _structure(shape: Shape, within: tuple[str, ...]) -> Any:
    if getattr(shape, "is_document_type", False):
        return {}
    names = shape.required_members or ([next(iter(shape.members))] if shape.is_tagged_union else [])
    return {name: _least(shape.members[name], (*within, shape.name)) for name in names}


def _list(shape: Shape, within: tuple[str, ...]) -> Any:
    return [_least(shape.member, within)] * int(shape.metadata.get("min", 0))


def _map(shape: Shape, within: tuple[str, ...]) -> Any:
    keys = [_string(shape.key, within) + str(number or "") for number in range(int(shape.metadata.get("min", 0)))]
    return {key: _least(shape.value, within) for key in keys}


def _string(shape: Shape, _: tuple[str, ...]) -> Any:
    return next(iter(shape.enum), "a" * max(1, int(shape.metadata.get("min", 0))))


def _number(shape: Shape, _: tuple[str, ...]) -> Any:
    return int(shape.metadata.get("min", 1))


_OF_TYPE: Mapping[str, Callable[[Shape, tuple[str, ...]], Any]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "character": _string,
    "integer": _number,
    "long": _number,
    "float": _number,
    "double": _number,
    "boolean": lambda _, __: False,
    "timestamp": lambda _, __: datetime(2026, 1, 1, tzinfo=UTC),
    "blob": lambda _, __: b"a",
}


def _least(shape: Shape, within: tuple[str, ...]) -> Any:
    return {} if shape.name in within else _OF_TYPE[shape.type_name](shape, within)


@cache
def services_in_use() -> tuple[str, ...]:
    """The services whose resources the templates declare, those that the code makes a client of, and a few more."""
    return tuple(sorted({*_ALSO, *_declared(), *_called()}))


@cache
def _known() -> frozenset[str]:
    return frozenset(botocore.session.get_session().get_available_services())


def _declared() -> Iterator[str]:
    for file in (ROOT / "templates" / "rendered").glob("*.yaml"):
        for called in re.findall(r"^ +Type: AWS::(\w+)::", file.read_text(encoding="utf-8"), re.MULTILINE):
            service = _CALLED.get(called, called.lower())
            assert service in _known(), f"{called} is not called {service} by botocore"
            yield service


def _called() -> Iterator[str]:
    """Names of services that are handed to whatever is called a client, or clients."""
    for folder in ("tableguard", "stream_lambda", "scripts"):
        for file in (ROOT / folder).rglob("*"):
            text = file.read_bytes() if file.is_file() else b""
            if b"client" in text and (file.suffix == ".py" or text.startswith(b"#!/usr/bin/env python3")):
                for node in ast.walk(ast.parse(text)):
                    if isinstance(node, ast.Call) and "client" in ast.unparse(node.func).lower():
                        words = [word.value for word in node.args if isinstance(word, ast.Constant)]
                        yield from (word for word in words if word in _known())
