"""Whether a change of properties recreates their resource: the schema of its type says so, or the type's page.

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from tableguard.aws.cloudformation_handlers import handlers
from tableguard.cloudformation.resource_type import Properties, ResourceType

Recreation = Literal["Always", "Conditionally", "Never"]  # RequiresRecreation of one property
Replacement = Literal["True", "Conditional", "False"]  # Replacement of its resource
_REPLACEMENTS: Mapping[Recreation, Replacement] = {"Always": "True", "Conditionally": "Conditional", "Never": "False"}


def _an_attribute_is_edited(before: Any, now: Any) -> bool:
    types = [{one["AttributeName"]: one["AttributeType"] for one in definitions or []} for definitions in (before, now)]
    return any(types[1].get(name, kind) != kind for name, kind in types[0].items())


# What the pages say and the schemas do not: the edits that recreate a resource.
_DOCUMENTED: Mapping[tuple[str, str], Callable[[Any, Any], bool]] = {
    # "Replacement if you edit an existing AttributeDefinition."
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
    ("AWS::DynamoDB::Table", "AttributeDefinitions"): _an_attribute_is_edited,
}


def recreation(resource_type: ResourceType, name: str, before: Any, now: Any) -> Recreation:
    """Return whether a resource is recreated when this property changes; None stands for a property not declared."""
    registered = handlers(resource_type.name)
    if registered is None:
        return "Always" if resource_type.update is None else "Never"
    if not registered.updates or _changes(registered.create_only, name, before, now):
        return "Always"
    documented = _DOCUMENTED.get((resource_type.name, name))
    conditional = _changes(registered.conditionally_create_only, name, before, now)
    return "Conditionally" if conditional or (documented and documented(before, now)) else "Never"


def replacement(resource_type: ResourceType, before: Properties, now: Properties) -> Replacement:
    """Return whether a resource is replaced by a change of its properties, in the words of a change set."""
    names = (name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    return strongest(recreation(resource_type, name, before.get(name), now.get(name)) for name in names)


def strongest(recreations: Iterable[Recreation]) -> Replacement:
    """Return what several changes of one resource mean for it."""
    among = set(recreations)
    return next((_REPLACEMENTS[one] for one in _REPLACEMENTS if one in among), "False")


def _changes(paths: Iterable[str], name: str, before: Any, now: Any) -> bool:
    """Tell whether a property differs at one of the paths that begin with its name."""
    inner = (path.split(".")[1:] for path in paths if path.split(".")[0] == name)
    return any(_at(before, path) != _at(now, path) for path in inner)


def _at(value: Any, path: list[str]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else value
    return value
