"""The AWS Config rules of the stack `config` as a conformance pack, for whoever deploys rules by packs.

https://docs.aws.amazon.com/config/latest/developerguide/custom-conformance-pack.html
A pack has rules and their parameters alone. What a stack imports from another is a parameter of the pack. It brings
neither the recorder nor the alert, which both must be there.
"""

from collections.abc import Callable, Iterator
from typing import Any

from tableguard.errors import TemplateError

Json = dict[str, Any]

# https://docs.aws.amazon.com/config/latest/APIReference/API_PutConformancePack.html
BYTES, PARAMETERS = 51_200, 60
# https://docs.aws.amazon.com/config/latest/developerguide/configlimits.html
RULES = 130

_HEADER = (
    "# Made by `tableguard render --conformance-pack` from the rules of the stack config. Do not edit: render again.\n"
)
_PROPERTIES = ("ConfigRuleName", "Description", "InputParameters", "MaximumExecutionFrequency", "Scope", "Source")


def conformance_pack(template: Json, prefix: str, as_yaml: Callable[[Json], str]) -> str:
    """Return the rules of a template as the YAML of a pack; exports whose names begin with the prefix are imported.

    TemplateError if it is larger than AWS Config takes.
    """
    rules = {
        name: {"Type": resource["Type"], "Properties": _properties(prefix, resource["Properties"])}
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Config::ConfigRule"
    }
    parameters = sorted(set(_parameters(rules)))
    text = _HEADER + as_yaml({"Parameters": {name: {"Type": "String"} for name in parameters}, "Resources": rules})
    for number, unit, most in (
        (len(text.encode()), "bytes", BYTES),
        (len(rules), "rules", RULES),
        (len(parameters), "parameters", PARAMETERS),
    ):
        if number > most:
            raise TemplateError(f"conformance pack: {number} {unit}; AWS Config takes at most {most}")
    return text


def _properties(prefix: str, properties: Json) -> Json:
    return {name: _with_parameters(prefix, properties[name]) for name in _PROPERTIES if name in properties}


def _with_parameters(prefix: str, node: Any) -> Any:
    """Return a value in which each import is a reference to a parameter of the same title."""
    if isinstance(node, list):
        return [_with_parameters(prefix, inner) for inner in node]
    if not isinstance(node, dict):
        return node
    if set(node) == {"Fn::ImportValue"}:
        return {"Ref": node["Fn::ImportValue"].removeprefix(prefix)}
    return {name: _with_parameters(prefix, inner) for name, inner in node.items()}


def _parameters(node: Any) -> Iterator[str]:
    if isinstance(node, dict) and set(node) == {"Ref"}:
        if not node["Ref"].startswith("AWS::"):
            yield node["Ref"]
    elif isinstance(node, dict | list):
        for inner in node.values() if isinstance(node, dict) else node:
            yield from _parameters(inner)
