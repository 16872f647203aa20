"""Refuses event selectors that CloudTrail refuses.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
The error codes are AWS's, the words ours.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tableguard.aws.cloudtrail.delivery.selectors import OPERATORS, Selector

_CODE = "InvalidEventSelectorsException"
_CLASSIC, _DATA_RESOURCES, _VALUES = 5, 250, 500  # the most of each in a trail
_KINDS = ("All", "ReadOnly", "WriteOnly")
_DATA_TYPES = ("AWS::DynamoDB::Table", "AWS::Lambda::Function", "AWS::S3::Object")
_EXCLUDED = ("kms.amazonaws.com", "rdsdata.amazonaws.com")
# the fields of each category of events, and those of them that must be there; `eventCategory` must everywhere
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Management": ("eventCategory", "eventSource", "readOnly"),
    "Data": (
        "eventCategory",
        "eventName",
        "eventSource",
        "eventType",
        "readOnly",
        "resources.ARN",
        "resources.type",
        "sessionCredentialFromConsole",
        "userIdentity.arn",
    ),
    "NetworkActivity": (
        "errorCode",
        "eventCategory",
        "eventName",
        "eventSource",
        "userIdentity.arn",
        "vpcEndpointId",
    ),
}
_REQUIRED = {"Data": "resources.type", "NetworkActivity": "eventSource"}
_EQUALS_ONLY = ("eventCategory", "readOnly", "resources.type")
_ONLY_VALUES = {"readOnly": ("true", "false"), "errorCode": ("VpceAccessDenied",)}


@dataclass(frozen=True)
class SelectorError(Exception):
    """What CloudTrail refuses in selectors, with the code of its error."""

    message: str
    code: str = _CODE

    def __str__(self) -> str:
        return self.message


def check(classic: Sequence[Selector], advanced: Sequence[Selector]) -> None:
    """Return if a trail may have these selectors; otherwise raise SelectorError."""
    for problem in _problems(classic, advanced):
        raise SelectorError(problem)


def _problems(classic: Sequence[Selector], advanced: Sequence[Selector]) -> Iterator[str]:
    if bool(classic) == bool(advanced):
        yield "Specify either event selectors or advanced event selectors."
    if len(classic) > _CLASSIC:
        yield f"A trail has at most {_CLASSIC} event selectors."
    resources = [value for selector in classic for data in _data(selector) for value in data.get("Values") or ()]
    if len(resources) > _DATA_RESOURCES:
        yield f"A trail has at most {_DATA_RESOURCES} data resources."
    for selector in classic:
        yield from _of_classic(selector)
    for selector in advanced:
        yield from _of_advanced(selector.get("FieldSelectors") or ())
    fields = [field for selector in advanced for field in selector.get("FieldSelectors") or ()]
    if sum(len(field.get(operator) or ()) for field in fields for operator in OPERATORS) > _VALUES:
        yield f"Advanced event selectors of a trail have at most {_VALUES} values."


def _data(selector: Selector) -> Sequence[Selector]:
    return selector.get("DataResources") or ()


def _of_classic(selector: Selector) -> Iterator[str]:
    if selector.get("ReadWriteType", "All") not in _KINDS:
        yield f"ReadWriteType is one of {', '.join(_KINDS)}."
    for data in _data(selector):
        if data.get("Type") not in _DATA_TYPES:
            yield f"Data resources of event selectors are {', '.join(_DATA_TYPES)}."
    for source in selector.get("ExcludeManagementEventSources") or ():
        if source not in _EXCLUDED:
            yield f"ExcludeManagementEventSources may name {', '.join(_EXCLUDED)}."


def _of_advanced(fields: Sequence[Selector]) -> Iterator[str]:
    names = [str(field.get("Field")) for field in fields]
    categories = [value for field in fields if field.get("Field") == "eventCategory" for value in _equals(field)]
    category = categories[0] if len(categories) == 1 else ""
    if category not in _FIELDS:
        yield f"An advanced event selector has eventCategory Equals one of {', '.join(_FIELDS)}."
        return
    if len(set(names)) < len(names):
        yield "A field may be named once in an advanced event selector."
    for name in sorted(set(names) - set(_FIELDS[category])):
        yield f"{name} is no field of {category} events."
    if category in _REQUIRED and _REQUIRED[category] not in names:
        yield f"An advanced event selector of {category} events names {_REQUIRED[category]}."
    for field in fields:
        yield from _of_field(field)


def _of_field(field: Selector) -> Iterator[str]:
    name, operators = str(field["Field"]), [operator for operator in OPERATORS if field.get(operator)]
    if not operators:
        yield f"{name} has no operator with values."
    if name in _EQUALS_ONLY and operators != ["Equals"]:
        yield f"{name} is compared with Equals only."
    if name == "resources.type" and len(_equals(field)) > 1:
        yield "resources.type has one value."
    allowed = _ONLY_VALUES.get(name)
    if allowed and any(value not in allowed for operator in operators for value in field[operator]):
        yield f"{name} is one of {', '.join(allowed)}."


def _equals(field: Selector) -> Sequence[str]:
    return field.get("Equals") or ()
