"""Evaluate CloudFormation's intrinsic functions in a part of a template.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol

from tableguard.errors import EmbeddedError

NO_VALUE = object()  # what Ref of AWS::NoValue stands for: the property or list item is left out
_OF_CONDITIONS = frozenset({"Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or"})
_VARIABLE = re.compile(r"\$\{(!?)([^{}]*)\}")


class NameScope(Protocol):
    """The values of a template's names while a stack is created."""

    @property
    def mappings(self) -> Mapping[str, Any]:
        """Return the Mappings section."""

    def ref(self, name: str) -> Any:
        """Return the value of Ref."""

    def attribute(self, logical_id: str, attribute: str) -> Any:
        """Return the value of Fn::GetAtt."""

    def condition(self, name: str) -> bool:
        """Tell whether a condition of the template holds."""

    def import_value(self, name: str) -> Any:
        """Return the value that another stack exports."""

    def zones(self, region: str) -> list[str]:
        """Return the availability zones of a region."""


def evaluate(node: Any, scope: NameScope) -> Any:
    """Return the value of a part of a template, with every function in it evaluated."""
    if isinstance(node, list):
        return [value for item in node if (value := evaluate(item, scope)) is not NO_VALUE]
    if isinstance(node, dict):
        call = as_call(node)
        if call is not None:
            return _FUNCTIONS[call[0]](call[1], scope)
        return {key: value for key, item in node.items() if (value := evaluate(item, scope)) is not NO_VALUE}
    if isinstance(node, str) and "{{resolve:" in node:
        raise EmbeddedError(f"Template error: dynamic references are not modelled: {node}")
    return node


def holds(node: Any, scope: NameScope) -> bool:
    """Tell whether the definition of a condition holds."""
    function, argument = _only(node)
    if function == "Condition":
        return scope.condition(argument)
    if function == "Fn::Equals":
        one, other = (evaluate(side, scope) for side in argument)
        return bool(_text(one) == _text(other))
    if function == "Fn::Not":
        return not holds(argument[0], scope)
    if function in ("Fn::And", "Fn::Or"):
        results = [holds(item, scope) for item in argument]
        return all(results) if function == "Fn::And" else any(results)
    raise EmbeddedError(f"Template error: not a condition: {json.dumps(node)}")


def _only(node: Any) -> tuple[str, Any]:
    """Return the one key of a mapping and its value; an empty key unless there is exactly one."""
    ((key, value),) = node.items() if isinstance(node, dict) and len(node) == 1 else (("", None),)
    return key, value


def references(node: Any) -> Iterator[str]:
    """Yield the names of parameters, resources and pseudo parameters that a part of a template refers to."""
    return (name for name, _ in mentions(node))


def mentions(node: Any) -> Iterator[tuple[str, str]]:
    """Yield each name that a part of a template refers to, and the attribute of it; "" for what Ref returns."""
    if isinstance(node, list):
        for item in node:
            yield from mentions(item)
    elif isinstance(node, dict) and _only(node)[0] in _OF_CONDITIONS:
        yield from mentions(list(node.values()))
    elif isinstance(node, dict):
        function, argument = as_call(node) or ("", None)
        if function == "Ref":
            yield str(argument), ""
        elif function == "Fn::GetAtt":
            yield _logical_id_and_attribute(argument)
        elif function == "Fn::Sub":
            text, values = _sub_arguments(argument)
            variables = (name.partition(".") for name in _variables(text) if name not in values)
            yield from ((name, attribute) for name, _, attribute in variables)
            yield from mentions(values)
        else:
            yield from mentions(list(node.values()))


def as_call(node: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Return (function, argument) for a mapping that calls an intrinsic function; None for plain data."""
    names = [key for key in node if key == "Ref" or key.startswith("Fn::")]
    if names and len(node) == 1 and names[0] in _FUNCTIONS:
        return names[0], node[names[0]]
    if names and names != ["Ref"]:
        raise EmbeddedError(f"Template error: {', '.join(names)} is no function, or has something beside it")
    return None


def _ref(argument: Any, scope: NameScope) -> Any:
    return scope.ref(argument)


def _get_att(argument: Any, scope: NameScope) -> Any:
    logical_id, attribute = _logical_id_and_attribute(argument)
    return scope.attribute(logical_id, evaluate(attribute, scope))


def _logical_id_and_attribute(argument: Any) -> tuple[str, Any]:
    """Split "Logical.Attribute" or [Logical, Attribute]; an attribute may itself have dots."""
    match argument:
        case str():
            logical_id, _, attribute = argument.partition(".")
            return logical_id, attribute
        case [str(logical_id), attribute]:
            return logical_id, attribute
    raise EmbeddedError(
        "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the "
        "resource attribute"
    )


def _sub(argument: Any, scope: NameScope) -> str:
    text, values = _sub_arguments(argument)

    def value(match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal:
            return f"${{{name}}}"
        if name in values:
            return _text(evaluate(values[name], scope))
        return _text(_get_att(name, scope) if "." in name else scope.ref(name))

    return _VARIABLE.sub(value, text)


def _sub_arguments(argument: Any) -> tuple[str, dict[str, Any]]:
    match argument:
        case str():
            return argument, {}
        case [str(text), dict(values)]:
            return text, values
    raise EmbeddedError(
        "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string "
        "as first argument, and an optional second argument to specify a mapping of values to replace in the string"
    )


def _variables(text: str) -> list[str]:
    return [name for literal, name in _VARIABLE.findall(text) if not literal]


def _join(argument: Any, scope: NameScope) -> str:
    return str(argument[0]).join(map(_text, evaluate(argument[1], scope)))


def _select(argument: Any, scope: NameScope) -> Any:
    index, items = int(evaluate(argument[0], scope)), evaluate(argument[1], scope)
    if not 0 <= index < len(items):
        raise EmbeddedError(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
    return items[index]


def _split(argument: Any, scope: NameScope) -> list[str]:
    return str(evaluate(argument[1], scope)).split(argument[0])


def _find_in_map(argument: Any, scope: NameScope) -> Any:
    names = [str(evaluate(name, scope)) for name in argument[:3]]
    node: Any = scope.mappings
    for name in names:
        if name not in node:
            raise EmbeddedError(f"Template error: Unable to get mapping for {'::'.join(names)}")
        node = node[name]
    return node


def _if(argument: Any, scope: NameScope) -> Any:
    name, then, otherwise = argument
    return evaluate(then if scope.condition(name) else otherwise, scope)


def _import_value(argument: Any, scope: NameScope) -> Any:
    return scope.import_value(evaluate(argument, scope))


def _get_azs(argument: Any, scope: NameScope) -> list[str]:
    return scope.zones(evaluate(argument, scope) or scope.ref("AWS::Region"))


def _cidr(argument: Any, scope: NameScope) -> list[str]:
    block, count, bits = (evaluate(part, scope) for part in argument)
    network = ipaddress.ip_network(block)
    try:
        blocks = list(islice(network.subnets(new_prefix=network.max_prefixlen - int(bits)), int(count)))
    except ValueError:  # a block of more bits than the network has
        blocks = []
    if len(blocks) < int(count):
        raise EmbeddedError(f"Template error: Fn::Cidr: {block} has no {count} blocks of {bits} bits")
    return list(map(str, blocks))


def _base64(argument: Any, scope: NameScope) -> str:
    return base64.b64encode(_text(evaluate(argument, scope)).encode()).decode()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise EmbeddedError(f"Template error: text is wanted here, not {json.dumps(value, default=repr)}")


_FUNCTIONS: dict[str, Callable[[Any, NameScope], Any]] = {
    "Ref": _ref,
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAtt": _get_att,
    "Fn::GetAZs": _get_azs,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
}
