"""Corrections of moto's CloudTrail, whose trails record here: what changes one is checked, and noted at once.

moto makes trails that AWS refuses, keeps a key's name where AWS shows its ARN, keeps selectors beside those that
replace them, lacks ListPublicKeys, and says in GetTrailStatus that everything was delivered a moment ago.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
"""

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.cloudtrail.models import CloudTrailBackend, Trail
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError
from moto.core.utils import utcnow
from moto.kms.models import kms_backends

from tableguard.aws.arn import parse
from tableguard.aws.cloudtrail.delivery.files import timestamp
from tableguard.aws.cloudtrail.delivery.selectors import DEFAULT
from tableguard.aws.cloudtrail.delivery.valid_selectors import SelectorError, check
from tableguard.local.moto import event_history
from tableguard.local.moto.patch import replace, wrap
from tableguard.local.trail.delivery import requirements
from tableguard.local.trail.delivery.delivery_status import Delivery, DeliveryStatus
from tableguard.local.trail.delivery.deployed_trails import trail_of
from tableguard.local.trail.delivery.signing_keys import KEY_VALIDITY
from tableguard.local.watch import watch

_CHANGES = ("create_trail", "delete_trail", "put_event_selectors", "start_logging", "stop_logging", "update_trail")


def install() -> None:
    """Let each operation that changes a trail tell the watch, and answer as AWS does."""
    wrap(Trail, "__init__", _with_status)
    wrap(Trail, "description", _described)
    replace(Trail, "put_event_selectors", _put_event_selectors)
    replace(Trail, "get_event_selectors", _event_selectors)
    replace(Trail, "put_insight_selectors", _put_insight_selectors)
    wrap(CloudTrailBackend, "create_trail", _create)
    wrap(CloudTrailBackend, "update_trail", _update)
    for operation in _CHANGES:
        wrap(CloudTrailBackend, operation, _noted)
    setattr(CloudTrailResponse, list_public_keys.__name__, list_public_keys)
    event_history.install()


def _now() -> datetime:
    """Return the estate's time; moto's own where no watch is kept."""
    current = watch.in_use()
    return utcnow().replace(tzinfo=UTC) if current is None else current.clock.now()


def _noted(change: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    result = change(*arguments, **named)
    current = watch.in_use()
    if current is not None:
        current.note_change_of_trails()
    return result


def _create(create: Callable[..., Trail], backend: CloudTrailBackend, name: str, *rest: Any) -> Trail:
    if name in backend.trails:
        message = f"Trail {name} already exists for customer: {backend.account_id}"
        raise JsonRESTError("TrailAlreadyExistsException", message)
    trail = create(backend, name, *rest)
    trail.kms_key_id = _key_arn(trail)
    refused = requirements.refusal(trail_of(trail))
    if refused:
        del backend.trails[name]
        raise JsonRESTError(*refused)
    return trail


def _update(update: Callable[..., Trail], backend: CloudTrailBackend, name: str, **changes: Any) -> Trail:
    before = dict(vars(backend.get_trail(name)))
    trail = update(backend, name=name, **changes)
    trail.kms_key_id = _key_arn(trail)
    refused = requirements.refusal(trail_of(trail))
    if refused:
        vars(trail).update(before)
        raise JsonRESTError(*refused)
    return trail


def _key_arn(trail: Trail) -> str:
    """Return the ARN of a trail's key, which may be named by id, alias or the ARN of either; else what was said."""
    name = trail.kms_key_id
    arn = parse(name) if name else None
    account, region = (arn.account, arn.region) if arn else (trail.account_id, trail.region_name)
    keys = kms_backends[account][region]
    key = keys.keys.get(keys.any_id_to_key_id(name)) if name else None
    return name if key is None else str(key.arn)


class LoggingStatus:
    """What GetTrailStatus says of a trail, in place of moto's TrailStatus: since when it logs, and its deliveries."""

    def __init__(self, arn: str) -> None:
        self.arn = arn
        self.is_logging = False
        self.started: datetime | None = None
        self.stopped: datetime | None = None

    def start_logging(self) -> None:
        """Note that logging begins."""
        self.is_logging, self.started = True, _now()

    def stop_logging(self) -> None:
        """Note that logging ends."""
        self.is_logging, self.stopped = False, _now()

    def description(self) -> dict[str, Any]:
        """Return the answer; a trail tells no topic here, so it has no attempts to notify."""
        current = watch.in_use()
        return {
            "IsLogging": self.is_logging,
            **_times("StartLoggingTime", "TimeLoggingStarted", self.started),
            **_times("StopLoggingTime", "TimeLoggingStopped", self.stopped),
            **_deliveries(DeliveryStatus() if current is None else current.trails.status(self.arn)),
            "LatestNotificationAttemptTime": "",
            "LatestNotificationAttemptSucceeded": "",
        }


def _times(number: str, text: str, time: datetime | None) -> dict[str, Any]:
    """Return a time as a number, and as the text of a member that AWS has no longer documented."""
    return {text: ""} if time is None else {number: time.timestamp(), text: timestamp(time)}


def _deliveries(status: DeliveryStatus) -> dict[str, Any]:
    files = status.log_files
    return {
        **_delivery("LatestDelivery", files),
        **_delivery("LatestCloudWatchLogsDelivery", status.log_group),
        **_delivery("LatestDigestDelivery", status.digests),
        "LatestDeliveryAttemptTime": timestamp(files.attempt) if files.attempt else "",
        "LatestDeliveryAttemptSucceeded": timestamp(files.time) if files.time else "",
    }


def _delivery(prefix: str, delivery: Delivery) -> dict[str, Any]:
    error = {f"{prefix}Error": delivery.error} if delivery.error else {}
    return error | ({f"{prefix}Time": delivery.time.timestamp()} if delivery.time else {})


def _with_status(begin: Callable[..., None], trail: Trail, *arguments: Any, **named: Any) -> None:
    begin(trail, *arguments, **named)
    vars(trail)["status"] = LoggingStatus(trail.arn)


def _described(describe: Callable[..., dict[str, Any]], trail: Trail, *arguments: Any, **named: Any) -> dict[str, Any]:
    custom = bool(trail.event_selectors or trail.advanced_event_selectors)
    insights = bool(trail.insight_selectors)
    description = describe(trail, *arguments, **named)
    return description | {"HasCustomEventSelectors": custom, "HasInsightSelectors": insights}


def _put_event_selectors(trail: Trail, classic: list[dict[str, Any]], advanced: list[dict[str, Any]]) -> None:
    try:
        check(classic or (), advanced or ())
    except SelectorError as error:
        raise JsonRESTError(error.code, str(error)) from error
    trail.event_selectors, trail.advanced_event_selectors = classic or [], advanced or []


def _put_insight_selectors(trail: Trail, selectors: list[dict[str, str]]) -> None:
    trail.insight_selectors = list(selectors)


def _event_selectors(trail: Trail) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the selectors of a trail, and those of CloudTrail where none were put."""
    advanced = trail.advanced_event_selectors
    return trail.event_selectors or ([] if advanced else [dict(selector) for selector in DEFAULT]), advanced


def list_public_keys(response: CloudTrailResponse) -> str:
    """Answer ListPublicKeys: the key of the account and region, if it is valid at some time of those asked for."""
    current = watch.in_use()
    if current is None:
        raise NotImplementedError
    now = current.clock.now()
    key = current.trails.digests.keys.of(response.current_account, response.region, now)
    since, until = key.since, key.since + KEY_VALIDITY
    begin, end = (_asked(response, name, now) for name in ("StartTime", "EndTime"))
    if begin > end:
        raise JsonRESTError("InvalidTimeRangeException", "The start time must not be after the end time.")
    listed = {
        "Value": b64encode(key.public).decode(),
        "ValidityStartTime": since.timestamp(),
        "ValidityEndTime": until.timestamp(),
        "Fingerprint": key.fingerprint,
    }
    return json.dumps({"PublicKeyList": [listed] if begin <= until and since <= end else []})


def _asked(response: CloudTrailResponse, name: str, now: datetime) -> datetime:
    seconds = response._get_param(name)
    return now if seconds is None else datetime.fromtimestamp(float(seconds), UTC)
