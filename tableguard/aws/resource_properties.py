"""What CloudFormation says of properties that the schema of a resource type lacks, or requires.

Values are not looked at: CloudFormation accepts text for numbers, and their service judges them.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tableguard.aws.cloudformation_handlers import resource_schema


def refusals(resource_type: str, properties: Mapping[str, Any]) -> Iterator[str]:
    """Yield, in CloudFormation's words, each name that is unknown, and each that is required and missing.

    Nothing is said of a type of which the registry has no schema.
    """
    schema = resource_schema(resource_type)
    return _refusals("#", properties, schema, schema.get("definitions", {}))


def _refusals(place: str, value: Any, schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[str]:
    schema = definitions.get(schema.get("$ref", "").rpartition("/")[2], schema)
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _refusals(f"{place}/{number}", item, schema.get("items", {}), definitions)
    elif isinstance(value, Mapping) and "properties" in schema:
        declared = schema["properties"]
        if schema.get("additionalProperties") is False:
            unknown = sorted(value.keys() - declared.keys())
            yield from (f"{place}: extraneous key [{name}] is not permitted" for name in unknown)
        missing = sorted(set(schema.get("required", ())) - value.keys())
        yield from (f"{place}: required key [{name}] not found" for name in missing)
        for name in value.keys() & declared.keys():
            yield from _refusals(f"{place}/{name}", value[name], declared[name], definitions)
