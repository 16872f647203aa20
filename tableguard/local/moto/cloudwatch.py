"""Correction of moto's CloudWatch: DescribeAlarms returns as many alarms as are asked for, and a token for the rest.

moto returns all of them. AWS returns at most MaxRecords, which is from 1 to 100:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

from collections.abc import Callable
from typing import Any

from moto.cloudwatch.exceptions import CloudWatchException
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from tableguard.local.moto.patch import wrap

_MOST = 100


def install() -> None:
    """Replace CloudWatchResponse.describe_alarms."""
    wrap(CloudWatchResponse, "describe_alarms", _page)


def _page(describe: Callable[[CloudWatchResponse], Any], response: CloudWatchResponse) -> ActionResult:
    alarms: dict[str, list[Any]] = describe(response).result
    start, most = _start(response), response._get_int_param("MaxRecords") or _MOST
    listed = [(kind, alarm) for kind in alarms for alarm in alarms[kind]]
    page = listed[start : start + most]
    shown: dict[str, Any] = {kind: [alarm for of, alarm in page if of == kind] for kind in alarms}
    return ActionResult(shown | ({"NextToken": str(start + most)} if start + most < len(listed) else {}))


def _start(response: CloudWatchResponse) -> int:
    token = response._get_param("NextToken") or "0"
    if not token.isdecimal():
        raise CloudWatchException("InvalidNextToken", "NextToken is none that DescribeAlarms has returned")
    return int(token)
