"""Writes a trail's records to its log group through the trail's role, if that role may.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
"""

import json
from collections.abc import Sequence
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


def write_lines(trail: Trail, lines: Sequence[LogLine], status: DeliveryStatus) -> None:
    """Write lines to the log group of a trail, in the order of their times, into the stream of the trail's region.

    A line's time is that of its delivery, so that an alarm's period sees what has arrived in it.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudwatch-log-group-log-stream-naming-for-cloudtrail.html
    """
    time, group, stream = lines[-1].time, group_of(trail), _stream(trail)
    error = "" if group else "ResourceNotFoundException"
    error = error or trust_refusal(trail) or role_refusal(trail)
    if error:
        status.log_group.failed(time, error)
        return
    if stream not in group.streams:
        group.create_log_stream(stream)
    texts = ((line.time, json.dumps(line.record, separators=(",", ":"))) for line in lines)
    group.put_log_events(stream, [{"timestamp": _milliseconds(at), "message": text} for at, text in texts])
    status.log_group.succeeded(time)


def group_of(trail: Trail) -> Any:
    """Return the log group of a trail as moto keeps it, None if there is none."""
    from moto.logs.models import logs_backends  # noqa: PLC0415  # moto is slow to import

    arn = parse(trail.log_group_arn)
    if arn is None:
        return None
    name = arn.resource.removeprefix("log-group:").removesuffix(":*")
    return logs_backends[arn.account][arn.region].groups.get(name)


def trust_refusal(trail: Trail) -> str:
    """Return why CloudTrail may not take the trail's role; nothing if it may."""
    parameters = {"RoleArn": trail.role_arn, "RoleSessionName": _SESSION}
    return permissions.refusal(permissions.call_of(trail, "sts", "AssumeRole", parameters))


def role_refusal(trail: Trail) -> str:
    """Return why the trail's role may not make and write its stream; nothing if it may."""
    arn = parse(trail.log_group_arn)
    name = arn.resource.removeprefix("log-group:").removesuffix(":*") if arn else ""
    parameters = {"logGroupName": name, "logStreamName": _stream(trail)}
    role = Caller(principal(trail.role_arn, _SESSION))
    calls = [
        ApiCall(role, trail.account, trail.home_region, "logs", operation, parameters)
        for operation in ("CreateLogStream", "PutLogEvents")
    ]
    return next(filter(None, map(permissions.refusal, calls)), "")


def _stream(trail: Trail) -> str:
    return f"{trail.account}_CloudTrail_{trail.home_region}"


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)
