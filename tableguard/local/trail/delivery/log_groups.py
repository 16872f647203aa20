"""Writes a trail's records to its log group through the trail's role, if that role may.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tableguard.aws.arn import parse
from tableguard.aws.cloudtrail.delivery.trail import Trail
from tableguard.local.authorization.call import ApiCall, Caller
from tableguard.local.trail.delivery import permissions
from tableguard.local.trail.delivery.delivery_status import DeliveryStatus
from tableguard.policy.principals import principal

_SESSION = "CLOUDWATCH_LOGS_DELIVERY_SESSION"


@dataclass(frozen=True)
class LogLine:
    """A record that is due in a log group."""

    time: datetime
    record: dict[str, Any]


def write_lines(trail: Trail, lines: Iterable[LogLine], status: DeliveryStatus) -> None:
    """Write lines to the log group of a trail, into a stream for each region.

    A line's time is that of its delivery, so that an alarm's period sees what has arrived in it.
    """
    by_region: dict[str, list[LogLine]] = {}
    for line in lines:
        by_region.setdefault(str(line.record["awsRegion"]), []).append(line)
    for region, of_region in by_region.items():
        time = of_region[-1].time
        group = _group(trail)
        stream = f"{trail.account}_CloudTrail_{region}"
        error = "ResourceNotFoundException" if group is None else _refusal(trail, group.name, stream)
        if group is None or error:
            status.log_group.failed(time, error)
            continue
        texts = tuple((line.time, json.dumps(line.record, separators=(",", ":"))) for line in of_region)
        if stream not in group.streams:
            group.create_log_stream(stream)
        group.put_log_events(stream, [{"timestamp": _milliseconds(at), "message": text} for at, text in texts])
        status.log_group.succeeded(time)


def _group(trail: Trail) -> Any:
    """Return the log group of a trail as moto keeps it, None if it is gone."""
    from moto.logs.models import logs_backends  # noqa: PLC0415  # moto is slow to import

    arn = parse(trail.log_group_arn)
    if arn is None:
        return None
    name = arn.resource.removeprefix("log-group:").removesuffix(":*")
    return logs_backends[arn.account][arn.region].groups.get(name)


def _refusal(trail: Trail, group: str, stream: str) -> str:
    """Return why the trail may not write to a stream of a group; nothing if it may.

    CloudTrail takes the role as itself, and the role's policies must let it make and write the stream.
    """
    parameters = {"logGroupName": group, "logStreamName": stream}
    role = Caller(principal(trail.role_arn, _SESSION))
    return (
        permissions.refusal(
            permissions.call_of(trail, "sts", "AssumeRole", {"RoleArn": trail.role_arn, "RoleSessionName": _SESSION})
        )
        or permissions.refusal(ApiCall(role, trail.account, trail.home_region, "logs", "CreateLogStream", parameters))
        or permissions.refusal(ApiCall(role, trail.account, trail.home_region, "logs", "PutLogEvents", parameters))
    )


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)
