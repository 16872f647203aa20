"""Generate policies/detections/coverage.md: which detection watches which call, and why none watches the others."""

import re
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from botocore.session import get_session

from tableguard.aws.cloudtrail import events, names
from tableguard.aws.cloudtrail.words import small
from tableguard.aws.operations import main_action, service_of
from tableguard.detect import catalogue, coverage, waivers
from tableguard.detect.coverage import ApiOperation
from tableguard.policy import service_reference
from tableguard.settings import example

PAGE = Path("policies/detections/coverage.md")  # of a checkout
MODELS = (
    "account",
    "application-autoscaling",
    "backup",
    "cloudformation",
    "cloudtrail",
    "cloudwatch",
    "cognito-identity",
    "cognito-idp",
    "config",
    "dax",
    "dynamodb",
    "dynamodbstreams",
    "ec2",
    "ecs",
    "events",
    "iam",
    "kms",
    "lambda",
    "logs",
    "organizations",
    "resourcegroupstaggingapi",
    "s3",
    "s3control",
    "sns",
    "sqs",
    "sts",
)
# of EC2 and ECS only this part: the workload's network, and who enters a container
_PARTS = {
    "ec2": re.compile(
        "Vpc|Subnet|Route|SecurityGroup|NetworkAcl|NetworkInterface|Gateway|FlowLog|Tags|Address|Dhcp|PrefixList"
    ),
    "ecs": re.compile("ExecuteCommand"),
}
# S3 puts the bucket's name, which is part of a request's host, under a name of its own
_OTHERWISE = {"Bucket": "bucketName"}

_INTRODUCTION = """# What the detections watch

`python -m tableguard.pages` generates this page from the [detections](README.md), [waived.toml](../waived.toml)
and botocore's models of the services in use. It has every call that changes something: of EC2 those on networks,
of ECS the one that enters a container.

- **Watched** means that a record of the call can raise the alert. Many detections look for more: a parameter, the
  caller, or how often.
- **Not watched** is what no detection sees, with the reason. A test fails if a call is neither, or both.
- What only reads is not here. Reading of messages is watched all the same, see
  [the detections](README.md#the-detections).
- **What leaves no record** stands nowhere. Where a DAX cluster answers from its memory, the table has no record, and
  the trail has none of the cluster's own. What a command in a container reads is a read by the application's role;
  `task_entered` tells that somebody entered.
"""


@cache
def operations() -> tuple[ApiOperation, ...]:
    """Return every operation of the services in use that changes something, as its record names it."""
    return tuple(operation for model in MODELS for operation in _of_model(model, changing=True))


@cache
def every_operation(model: str) -> tuple[ApiOperation, ...]:
    """Return all operations of one of botocore's models."""
    return tuple(_of_model(model, changing=False))


def text() -> str:
    """Return the page."""
    services = sorted({operation.service for operation in operations()})
    return "\n".join([_INTRODUCTION, *map(_section, services)])


def write(page: Path) -> Path:
    """Write the page to a file, and return the file's path."""
    page.write_text(text(), encoding="utf-8")
    return page


def watching(operation: ApiOperation) -> list[str]:
    """Return the names of the detections that watch an operation."""
    return [one.name for one in _detections() if coverage.watches(one, operation)]


@cache
def _detections() -> tuple[Any, ...]:
    return catalogue.load_all(example().policy_values())


def _of_model(model: str, *, changing: bool) -> Iterator[ApiOperation]:
    loaded = get_session().get_service_model(model)
    service, part = service_of({"metadata": loaded.metadata}), _PARTS.get(model)
    source = names.event_source(service).partition(".")[0]
    for name in loaded.operation_names:
        if changing and (not _changes(service, name) or (part and not part.search(name))):
            continue
        shape = loaded.operation_model(name).input_shape
        members = shape.members if shape else {}
        parameters = frozenset(_OTHERWISE.get(member, small(member)) for member in members)
        category = events.category(service, name) if events.is_recorded(service, name) else ""
        recorded = names.event_name(service, names.of_model(model, name))
        yield ApiOperation(source, recorded, category, parameters)


def _changes(service: str, operation: str) -> bool:
    """Return True unless AWS's reference says that an operation reads or lists, or else its name does."""
    action = service_reference.load().actions.get(main_action(f"{service}:{operation}").lower())
    if action is None or action.level == "Unknown":
        return not names.is_read_only(service, operation)
    return action.level not in ("Read", "List")


def _section(service: str) -> str:
    watched: dict[str, list[str]] = defaultdict(list)
    left: list[str] = []
    for operation in operations():
        if operation.service == service:
            by = watching(operation)
            left += [] if by else [operation.name]
            for name in by:
                watched[name].append(operation.name)
    parts = [_calls(f"[{name}]({name}.toml) watches", calls) for name, calls in sorted(watched.items())]
    for waiver in waivers.load():
        calls = [name for name in left if any(coverage.named(pattern, name) for pattern in waiver.names)]
        if waiver.service == service and calls:
            parts.append(_calls(f"**Not watched.** {waiver.reason}.", calls))
    return "\n".join([f"## {service}\n", *parts])


def _calls(words: str, calls: list[str]) -> str:
    listed = textwrap.fill(" ".join(sorted(set(calls))), 118)
    return f"{words}\n\n```\n{listed}\n```\n"
