"""Asks the guard what a trail may do: CloudTrail signs with a key of its own, and no policy but the others' decides."""

from collections.abc import Mapping
from typing import Any

from tableguard.aws.cloudtrail.delivery.trail import Trail
from tableguard.local.authorization.call import ApiCall, Caller
from tableguard.policy.principals import principal

_CLOUDTRAIL = principal("cloudtrail.amazonaws.com")


def call_of(
    trail: Trail,
    service: str,
    operation: str,
    parameters: Mapping[str, Any],
    context: Mapping[str, str] | None = None,
) -> ApiCall:
    """Return a call that CloudTrail makes for a trail, whose ARN it names as the source."""
    caller = Caller(_CLOUDTRAIL, context={"aws:SourceArn": trail.arn, **(context or {})})
    return ApiCall(caller, trail.account, trail.home_region, service, operation, parameters)


def are_asked() -> bool:
    """Return whether policies are asked at all: without an organization nobody's are, clients' neither."""
    from tableguard.local.authorization.attached_policies import organization  # noqa: PLC0415  # imports moto

    return organization() is not None


def refusal(call: ApiCall) -> str:
    """Return the code of the error with which a call is refused, nothing if it is allowed."""
    from tableguard.local.authorization import guard  # noqa: PLC0415  # imports moto
    from tableguard.local.authorization.attached_policies import organization  # noqa: PLC0415  # likewise
    from tableguard.local.authorization.refusal import Refusal  # noqa: PLC0415  # as the others of this function

    current = organization()
    if current is None:
        return ""
    try:
        guard.check(call, current, "rest-xml" if call.service == "s3" else "json")
    except Refusal as error:
        return error.code
    return ""
