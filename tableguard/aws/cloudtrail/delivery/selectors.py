"""Decides whether a trail's event selectors record an event.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/filtering-data-events.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Record = Mapping[str, Any]
Selector = Mapping[str, Any]  # as PutEventSelectors takes one

# what a trail records for which no selectors were put
DEFAULT: tuple[Selector, ...] = (
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    },
)

_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "Equals": str.__eq__,
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
}
OPERATORS = (*_COMPARISONS, *(f"Not{name}" for name in _COMPARISONS))
_OF_RESOURCES = {"resources.type": "type", "resources.ARN": "ARN"}
FIELDS = (
    "eventCategory",
    "readOnly",
    "eventName",
    "eventSource",
    "eventType",
    *_OF_RESOURCES,
    "userIdentity.arn",
    "sessionCredentialFromConsole",
    "vpcEndpointId",
    "errorCode",
)


@dataclass(frozen=True)
class EventSelectors:
    """The selectors of a trail, classic or advanced; those of CloudTrail if it has none."""

    classic: tuple[Selector, ...] = ()
    advanced: tuple[Selector, ...] = ()

    def record(self, event: Record) -> bool:
        """Return whether the trail records an event."""
        return any(selects(event) for selects in self._selecting)

    @cached_property
    def _selecting(self) -> tuple[Callable[[Record], bool], ...]:
        if self.advanced:
            return tuple(_advanced(selector["FieldSelectors"]) for selector in self.advanced)
        return tuple(_classic(selector) for selector in self.classic or DEFAULT)


def _advanced(fields: Sequence[Selector]) -> Callable[[Record], bool]:
    """Return what selects the events that every field selector accepts, those of resources for one resource."""
    of_event = tuple((field["Field"], _condition(field)) for field in fields if field["Field"] not in _OF_RESOURCES)
    of_resource = tuple(
        (_OF_RESOURCES[field["Field"]], _condition(field)) for field in fields if field["Field"] in _OF_RESOURCES
    )

    def selects(event: Record) -> bool:
        if not all(accepts(_value(event, name)) for name, accepts in of_event):
            return False
        resources = event.get("resources") or [{}]
        return any(all(accepts(str(of.get(name, ""))) for name, accepts in of_resource) for of in resources)

    return selects


def _condition(field: Selector) -> Callable[[str], bool]:
    """Return the condition of one field: some of its selecting operators holds, and all of its excluding ones."""
    wanted = [(_COMPARISONS[name], tuple(field[name])) for name in _COMPARISONS if field.get(name)]
    unwanted = [(_COMPARISONS[name], tuple(field[f"Not{name}"])) for name in _COMPARISONS if field.get(f"Not{name}")]

    def accepts(value: str) -> bool:
        if any(compare(value, operand) for compare, operands in unwanted for operand in operands):
            return False
        return not wanted or any(compare(value, operand) for compare, operands in wanted for operand in operands)

    return accepts


def _value(event: Record, path: str) -> str:
    """Return a field of an event as text; a field that it lacks is empty."""
    value: Any = event
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _classic(selector: Selector) -> Callable[[Record], bool]:
    kind = selector.get("ReadWriteType", "All")
    excluded = frozenset(selector.get("ExcludeManagementEventSources") or ())
    of_management = selector.get("IncludeManagementEvents", True)
    data = selector.get("DataResources") or ()

    def selects(event: Record) -> bool:
        # a record need not have the field; AWS does not say how it is then taken, and a write is the safer guess
        if kind != "All" and bool(event.get("readOnly")) != (kind == "ReadOnly"):
            return False
        if event["eventCategory"] == "Management":
            return bool(of_management) and event["eventSource"] not in excluded
        return event["eventCategory"] == "Data" and any(_of_resources(event, of) for of in data)

    return selects


def _of_resources(event: Record, data: Selector) -> bool:
    """Tell whether a data event is about a resource of a kind: all, with `arn:aws:s3`, or those that are named."""
    arns = [str(of.get("ARN", "")) for of in event.get("resources") or () if of.get("type") == data["Type"]]
    return any(_named(arn, data["Type"], value) for arn in arns for value in data.get("Values") or ())


def _named(arn: str, kind: str, value: str) -> bool:
    whole_service = value.count(":") < 3  # arn:aws:lambda
    return arn.startswith(value) if whole_service or kind == "AWS::S3::Object" else arn == value
