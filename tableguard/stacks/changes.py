"""The changes of a change set: what becomes of each resource, and of each property, with both values.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tableguard.cloudformation.data_holders import holds_data
from tableguard.cloudformation.differences import ABSENT, DifferingPlace, between

Replacement = Literal["never", "conditional", "always"]

_REPLACEMENTS: Mapping[str, Replacement] = {"True": "always", "Conditional": "conditional"}
_RECREATIONS: Mapping[str, Replacement] = {"Always": "always", "Conditionally": "conditional"}
_STRENGTH: Sequence[Replacement] = ("never", "conditional", "always")
_KNOWN_LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
_TRUNCATED = "(Truncated-Signature)"


@dataclass(frozen=True)
class PropertyChange:
    """One place of a resource's declaration that changes, with both values; None where there is none.

    `replacement` says whether the change of this place replaces the resource. `causes` are the parameters and
    attributes of other resources that it follows from.
    """

    place: str
    before: Any
    after: Any
    replacement: Replacement = "never"
    causes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ResourceChange:
    """One line of a change set: an action of CloudFormation on one resource.

    `properties` are those that change, of the top level; none where AWS does not tell. `kept` is True of a resource
    that leaves the stack, or is replaced, and stays in the account. `certain` is False where the resource only refers
    to an attribute of another that changes: it is left alone unless that attribute changes too, which AWS finds out
    when it gets there.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChangeDetail.html
    """

    action: str
    logical_id: str
    resource_type: str
    replacement: Replacement = "never"
    properties: tuple[str, ...] = ()
    kept: bool = False
    certain: bool = True
    values: tuple[PropertyChange, ...] = ()

    @property
    def replaces(self) -> bool:
        """Return True if the resource is replaced, or its new values may ask for that."""
        return self.certain and self.replacement != "never"

    @property
    def loses_data(self) -> bool:
        """Return True if what the resource holds is lost, or may be, or stays with a resource that nothing uses."""
        goes = self.action == "Remove" and not self.kept
        return holds_data(self.resource_type) and (goes or self.replacement != "never")

    @property
    def is_grave(self) -> bool:
        """Return True if its name has to be typed: what is replaced, or loses its data."""
        return self.replaces or self.loses_data


def read(described: Mapping[str, Any]) -> ResourceChange:
    """Return a change as DescribeChangeSet describes it."""
    details = described.get("Details", ())
    targets = (detail.get("Target", {}) for detail in details)
    names = {target.get("Name", "") for target in targets if target.get("Attribute") == "Properties"}
    return ResourceChange(
        described["Action"],
        described["LogicalResourceId"],
        described["ResourceType"],
        _REPLACEMENTS.get(described.get("Replacement", ""), "never"),
        tuple(sorted(names - {""})),
        described.get("PolicyAction", "").endswith("Retain"),
        not details or any(detail.get("Evaluation") != "Dynamic" for detail in details),
        tuple(_values(described, details)),
    )


def _values(described: Mapping[str, Any], details: Sequence[Mapping[str, Any]]) -> Iterator[PropertyChange]:
    """Yield the places that change of a resource that is modified.

    The contexts have the whole of both declarations. AWS cuts large values short among the details, which are asked
    only where it gives no contexts. A property that refers to what may change has one value, and is one place.
    """
    if described["Action"] not in ("Modify", "Dynamic", "SyncWithActual"):
        return
    contexts = tuple(_document(described.get(name)) for name in ("BeforeContext", "AfterContext"))
    complete = all(isinstance(context, Mapping) for context in contexts)
    of_names = dict[str, list[Mapping[str, Any]]]()
    for detail in details:
        of_names.setdefault(_name(detail.get("Target", {})), []).append(detail)
    for name, own in of_names.items():
        target = own[0].get("Target", {})
        before, after = (_declared(context, name) for context in contexts) if complete else _values_of(target)
        for one in tuple(between(name, before, after)) or (DifferingPlace(name, before, after),):
            yield PropertyChange(one.place, _told(one.before), _told(one.after), _recreation(own), _causes(own))


def _name(target: Mapping[str, Any]) -> str:
    return str(target.get("Name") or target.get("Attribute", ""))


def _declared(context: Mapping[str, Any], name: str) -> Any:
    """Return the value of a property, or of an attribute such as DeletionPolicy, in a resource's declaration."""
    return context.get("Properties", {}).get(name, context.get(name, ABSENT))


def _values_of(target: Mapping[str, Any]) -> tuple[Any, Any]:
    values = (_document(target.get(key, ABSENT)) for key in ("BeforeValue", "AfterValue"))
    before, after = (ABSENT if value is None else value for value in values)
    return before, after


def _document(text: Any) -> Any:
    """Return a value that AWS tells as text: a document where it is one in JSON, else the text."""
    try:
        value = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text
    return value if isinstance(value, Mapping | list) or value is None else text


def _told(value: Any) -> Any:
    """Return a value in words where CloudFormation has only a placeholder; None where there is no value."""
    if isinstance(value, Mapping):
        return {key: _told(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_told(item) for item in value]
    if value == _KNOWN_LATER:
        return "known once it is made"
    if isinstance(value, str) and value.startswith(_TRUNCATED):
        return "too long for CloudFormation to tell"
    return None if value == ABSENT else value


def _recreation(details: Sequence[Mapping[str, Any]]) -> Replacement:
    targets = (detail.get("Target", {}) for detail in details)
    recreations = (_RECREATIONS.get(target.get("RequiresRecreation", ""), "never") for target in targets)
    return max(recreations, key=_STRENGTH.index)


def _causes(details: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(detail["CausingEntity"] for detail in details if detail.get("CausingEntity")))
