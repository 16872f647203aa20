"""AWS::Events::Rule on the default event bus, with its targets, through EventBridge's API."""

import json

from tableguard.cloudformation.resource_type import Client, Context, Properties, ResourceHandle, ResourceType
from tableguard.local.stacks.types import tags
from tableguard.local.stacks.types.calls import call, refuse_replacement, remove_on_failure, select
from tableguard.local.stacks.types.translate import document_text, non_null, surplus

_TYPE = "AWS::Events::Rule"

# the same words in templates, in PutRule and in DescribeRule; the pattern is an object here and text there
_PROPERTIES = ("Description", "RoleArn", "ScheduleExpression", "State")


def _create(context: Context, properties: Properties) -> ResourceHandle:
    events = context.client("events")
    name = properties.get("Name", context.generated_name)
    handle = ResourceHandle(name, {"Arn": _put_rule(events, name, properties, select(properties, "Tags"))})
    with remove_on_failure(lambda: _delete(context, handle)):
        _put_targets(events, name, properties)
    return handle


def _put_rule(events: Client, name: str, properties: Properties, tagged: Properties) -> str:
    pattern = {word: document_text(value) for word, value in non_null(properties, "EventPattern").items()}
    answer = call(events, "put_rule", Name=name, **pattern, **non_null(properties, *_PROPERTIES), **tagged)
    return str(answer["RuleArn"])


def _put_targets(events: Client, name: str, properties: Properties) -> None:
    targets = properties.get("Targets", [])
    if targets:
        call(events, "put_targets", Rule=name, Targets=targets)


def _read(context: Context, handle: ResourceHandle) -> Properties:
    events, name = context.client("events"), handle.physical_id
    rule = events.describe_rule(Name=name)
    return {
        **select(rule, "Name", *_PROPERTIES),
        **{word: json.loads(text) for word, text in select(rule, "EventPattern").items()},
        "Targets": _targets(events, name),
        "Tags": events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"],
    }


def _update(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    events, name = context.client("events"), handle.physical_id
    current = _read(context, handle)
    refuse_replacement(_TYPE, current, properties, "Name")
    arn = _put_rule(events, name, properties, {})
    _put_targets(events, name, properties)
    wanted = [target["Id"] for target in properties.get("Targets", [])]
    _remove_targets(events, name, surplus((target["Id"] for target in current["Targets"]), wanted))
    tags.update(
        tags.declared(current),
        tags.declared(properties),
        put=lambda changed: events.tag_resource(ResourceARN=arn, Tags=tags.as_list(changed)),
        remove=lambda gone: events.untag_resource(ResourceARN=arn, TagKeys=gone),
    )
    return handle


def _delete(context: Context, handle: ResourceHandle) -> None:
    events, name = context.client("events"), handle.physical_id
    _remove_targets(events, name, [target["Id"] for target in _targets(events, name)])
    events.delete_rule(Name=name)


def _targets(events: Client, name: str) -> list[Properties]:
    pages = events.get_paginator("list_targets_by_rule").paginate(Rule=name)
    return [target for page in pages for target in page["Targets"]]


def _remove_targets(events: Client, name: str, ids: list[str]) -> None:
    if ids:
        events.remove_targets(Rule=name, Ids=ids)


TYPES = (ResourceType(_TYPE, _create, _read, _delete, _update),)
