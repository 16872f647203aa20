"""Fill the <placeholders> that files under policies/ leave where an organisation must choose.

These files have the ARNs of the partition `aws`; where the value of <partition> is another, its ARNs are put in. What
they ask of the organization's id is asked of the account's where <organization-id> is empty: an account of its own.

Policy documents and detections are written in the same way, so the room that both stand on fills them.
"""

import re
from collections.abc import Mapping
from typing import Any

from tableguard.errors import PolicyError
from tableguard.partitions import AWS, text_in

_PLACEHOLDER = re.compile(r"<([a-z][a-z0-9-]*)>")

Values = Mapping[str, str | tuple[str, ...]]

# the keys that tell whose something is, and what tells it without an organization
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
_OF_ACCOUNT = {
    "aws:PrincipalOrgID": "aws:PrincipalAccount",
    "aws:ResourceOrgID": "aws:ResourceAccount",
    "aws:SourceOrgID": "aws:SourceAccount",
    "aws:VpceOrgID": "aws:VpceAccount",
}
_ORGANIZATION, _ACCOUNT = "<organization-id>", "<account-id>"


def names(node: Any) -> frozenset[str]:
    """Return the names of all <placeholders> in JSON or TOML data."""
    if isinstance(node, dict):
        parts: list[Any] = [*node.keys(), *node.values()]
    elif isinstance(node, list):
        parts = node
    else:
        return frozenset(_PLACEHOLDER.findall(node)) if isinstance(node, str) else frozenset()
    return frozenset().union(*map(names, parts))


def fill(node: Mapping[str, Any], values: Values, place: str) -> dict[str, Any]:
    """Return a JSON or TOML object with every placeholder replaced.

    A list item that holds a list becomes one item for each value. PolicyError begins with `place`.
    """
    filled: dict[str, Any] = _fill(dict(node), values, place)
    return filled


def fill_text(text: str, values: Values, place: str) -> str:
    """Return a text with its placeholders replaced; PolicyError if one of them stands for a list."""

    def value_of(match: re.Match[str]) -> str:
        value = _value(match[1], values, place)
        if not isinstance(value, str):
            raise PolicyError(f"{place}: <{match[1]}> is a list and stands inside a text; write it in a list")
        return value

    partition = values.get("partition", AWS)
    return _PLACEHOLDER.sub(value_of, text if partition == AWS else text_in(str(partition), text))


def _fill(node: Any, values: Values, place: str) -> Any:
    if isinstance(node, dict):
        if values.get("organization-id") == "":
            node = dict(_of_account(key, value) for key, value in node.items())
        return {fill_text(key, values, place): _fill(value, values, place) for key, value in node.items()}
    if isinstance(node, list):
        return [filled for item in node for filled in _fill_item(item, values, place)]
    return fill_text(node, values, place) if isinstance(node, str) else node


def _of_account(key: str, value: Any) -> tuple[str, Any]:
    """Return a key that is compared with the organization's id as one that is compared with the account's."""
    if key not in _OF_ACCOUNT or value not in (_ORGANIZATION, [_ORGANIZATION]):
        return key, value
    return _OF_ACCOUNT[key], _ACCOUNT if value == _ORGANIZATION else [_ACCOUNT]


def _fill_item(item: Any, values: Values, place: str) -> list[Any]:
    lists = _lists_in(item, values, place) if isinstance(item, str) else []
    if not lists:
        return [_fill(item, values, place)]
    if len(lists) > 1:
        raise PolicyError(f"{place}: {item!r} holds {len(lists)} lists; one list item takes one of them")
    name, choices = lists[0]
    if not choices:
        # under a negated operator an empty exemption list would turn the statement round
        raise PolicyError(f"{place}: the list for <{name}> is empty; name at least one value")
    return [fill_text(item, {**values, name: choice}, place) for choice in choices]


def _lists_in(text: str, values: Values, place: str) -> list[tuple[str, tuple[str, ...]]]:
    pairs = [(name, _value(name, values, place)) for name in _PLACEHOLDER.findall(text)]
    return [(name, value) for name, value in pairs if not isinstance(value, str)]


def _value(name: str, values: Values, place: str) -> str | tuple[str, ...]:
    if name not in values:
        raise PolicyError(f"{place}: no value for <{name}>; known placeholders: {', '.join(sorted(values))}")
    return values[name]
