"""Adds LookupEvents to moto's CloudTrail: the event history of the embedded AWS is that of its watch.

Not modelled: two requests a second, beyond which AWS throttles, and Insights events, of which there are none.
"""

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import Any

from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError

from tableguard.aws.cloudtrail.history import PAGE, Lookup, RefusedLookupError, page
from tableguard.local.watch import watch


def install() -> None:
    """Give moto's CloudTrail an operation that it lacks."""
    setattr(CloudTrailResponse, lookup_events.__name__, lookup_events)


def lookup_events(handler: CloudTrailResponse) -> str:
    """Answer with the management events of the caller's account and region, the newest first."""
    watching = watch.in_use()
    if watching is None:
        raise NotImplementedError
    token = handler._get_param("NextToken") or ""
    lookup = Lookup(
        account=handler.current_account,
        region=handler.region,
        now=watching.clock.now(),
        attributes=handler._get_param("LookupAttributes") or (),
        start=_moment(handler._get_param("StartTime")),
        end=_moment(handler._get_param("EndTime")),
        most=handler._get_int_param("MaxResults", PAGE),
        after=_last_event(token) if token else "",
        category=handler._get_param("EventCategory") or "",
    )
    try:
        events, last = page(lookup, watching.calls.history())
    except RefusedLookupError as error:
        raise JsonRESTError(error.code, str(error)) from error
    return json.dumps({"Events": events, **({"NextToken": b64encode(last.encode()).decode()} if last else {})})


def _moment(seconds: Any) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(float(seconds), UTC)


def _last_event(token: str) -> str:
    try:
        return b64decode(token, validate=True).decode()
    except ValueError:
        return token  # which is then the id of no event
