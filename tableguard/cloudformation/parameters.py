"""Check a stack's parameters by the rules that its template declares."""

import re
from collections.abc import Mapping
from typing import Any

from tableguard.cloudformation.template import Template
from tableguard.errors import EmbeddedError


def parameter_values(template: Template, values: Mapping[str, str]) -> dict[str, Any]:
    """Return a value for every parameter, from `values` or its default; EmbeddedError if a rule refuses it."""
    unknown = sorted(values.keys() - template.parameters.keys())
    if unknown:
        raise EmbeddedError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    texts = {name: values.get(name, declared.get("Default")) for name, declared in template.parameters.items()}
    missing = sorted(name for name, text in texts.items() if text is None)
    if missing:
        raise EmbeddedError(f"Parameters: [{', '.join(missing)}] must have values")
    return {name: _parameter(name, template.parameters[name], str(text)) for name, text in texts.items()}


def _parameter(name: str, declared: Mapping[str, Any], text: str) -> Any:
    kind = declared["Type"]
    if kind.startswith("AWS::SSM::"):
        raise EmbeddedError(f"Parameter {name}: {kind} is not modelled")
    is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
    values = [part.strip() for part in text.split(",")] if is_list else [text]
    for value in values:
        _accept(name, declared, value)
    return values if is_list else text


def _accept(name: str, declared: Mapping[str, Any], value: str) -> None:
    number = "Number" in declared["Type"]
    if number and not re.fullmatch(r"[+-]?\d+(\.\d+)?", value):
        raise EmbeddedError(f"Parameter {name}: {value!r} must be a number")
    size, unit = (float(value), "Value") if number else (float(len(value)), "Length")
    rules = (
        ("AllowedValues", lambda allowed: value in map(str, allowed)),
        ("AllowedPattern", lambda pattern: re.fullmatch(pattern, value)),
        (f"Min{unit}", lambda least: size >= float(least)),
        (f"Max{unit}", lambda most: size <= float(most)),
    )
    for rule, met in rules:
        if rule in declared and not met(declared[rule]):
            because = declared.get("ConstraintDescription", f"must satisfy {rule} {declared[rule]}")
            raise EmbeddedError(f"Parameter '{name}' {because}")
