"""Correction of moto's Lambda: a mapping is checked when it is made or changed, as Lambda does.

moto takes any filter, position, number and destination, and mappings of queues and Kinesis streams, which it serves
within the sender's request. Lambda refuses what its page excludes; what is not polled here is refused in words.
https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from moto.awslambda.exceptions import GenericResourcNotFound, UnknownFunctionException
from moto.awslambda.models import EventSourceMapping, LambdaBackend
from moto.core.exceptions import JsonRESTError

from tableguard.aws.arn import parse
from tableguard.errors import EmbeddedError
from tableguard.local.event_source.configuration import mapping_configuration
from tableguard.local.event_source.event_filter import FILTERS, AmbiguousPatternError, event_filter
from tableguard.local.event_source.failure_destination import SERVICES
from tableguard.local.moto.awslambda.refusals import (
    check_ranges,
    invalid_parameter,
    not_modelled,
    refusal,
    validation_error,
)
from tableguard.local.moto.patch import wrap

_POSITIONS = ("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON")
_RANGES = (  # name, lowest, highest
    ("BatchSize", 1, 10_000),
    ("MaximumBatchingWindowInSeconds", 0, 300),
    ("MaximumRecordAgeInSeconds", -1, 604_800),
    ("MaximumRetryAttempts", -1, 10_000),
    ("ParallelizationFactor", 1, 10),
    ("TumblingWindowInSeconds", 0, 900),
)
_NO_POSITION = (
    "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
    "Member must not be null."
)

Spec = dict[str, Any]


def install() -> None:
    """Wrap creating, changing and deleting."""
    wrap(LambdaBackend, "create_event_source_mapping", _create)
    wrap(LambdaBackend, "update_event_source_mapping", _update)
    wrap(LambdaBackend, "delete_event_source_mapping", _delete)


def _create(original: Callable[..., EventSourceMapping], backend: LambdaBackend, spec: Spec) -> EventSourceMapping:
    source, name = spec.get("EventSourceArn", ""), spec.get("FunctionName", "")
    _check_source(source)
    _check_position(spec)
    _check(spec)
    arn = _function_arn(backend, name)
    for other in backend.list_event_source_mappings(source, ""):
        if other.function_arn == arn:
            text = f'The event source arn (" {source} ") and function (" {name} ") provided mapping already exists. '
            text += f"Please update or delete the existing mapping with UUID {other.uuid}"
            raise refusal(409, "ResourceConflictException", text)
    _check_modelled({"UUID": "", **spec, "FunctionArn": arn})
    try:
        mapping = original(backend, spec)
    except JsonRESTError as error:
        raise invalid_parameter(f"Stream not found: {source}") from error
    mapping.function_arn = arn  # moto resolves an alias for good
    return mapping


def _update(
    original: Callable[..., EventSourceMapping], backend: LambdaBackend, uuid: str, spec: Spec
) -> EventSourceMapping:
    mapping = backend.get_event_source_mapping(uuid)
    if mapping is None:
        raise GenericResourcNotFound
    _check(spec)
    arn = _function_arn(backend, spec["FunctionName"]) if "FunctionName" in spec else mapping.function_arn
    _check_modelled({**mapping.get_configuration(), **spec, "FunctionArn": arn})
    original(backend, uuid, spec)
    mapping.function_arn = arn
    return mapping


def _delete(
    original: Callable[..., EventSourceMapping | None], backend: LambdaBackend, uuid: str
) -> EventSourceMapping:
    deleted = original(backend, uuid)
    if deleted is None:
        raise GenericResourcNotFound
    return deleted


def _check_source(source: str) -> None:
    arn = parse(source)
    if arn is None:
        raise invalid_parameter("Unrecognized event source.")
    if arn.service != "dynamodb":
        raise not_modelled(f"event sources of {arn.service}: only DynamoDB streams are polled")


def _check_position(spec: Spec) -> None:
    position = spec.get("StartingPosition")
    if position is None:
        raise invalid_parameter(_NO_POSITION)
    if position not in _POSITIONS:
        what = f"Member must satisfy enum value set: [{', '.join(_POSITIONS)}]"
        raise validation_error(position, "startingPosition", what)
    if position == "AT_TIMESTAMP":
        raise invalid_parameter(f"Unsupported starting position for arn type: {spec['EventSourceArn']}")


def _check(spec: Spec) -> None:
    """Check what may be given when a mapping is made, and when it is changed."""
    check_ranges(spec, _RANGES)
    if -1 < (spec.get("MaximumRecordAgeInSeconds") or -1) < 60:
        raise invalid_parameter("MaximumRecordAgeInSeconds must be -1 or at least 60")
    _check_destination(spec.get("DestinationConfig") or {})
    _check_filters(spec.get("FilterCriteria"))


def _check_destination(config: Mapping[str, Any]) -> None:
    if (config.get("OnSuccess") or {}).get("Destination"):
        raise invalid_parameter("Unsupported DestinationConfig parameter for given event source mapping type.")
    destination = (config.get("OnFailure") or {}).get("Destination")
    if not destination:
        return
    arn = parse(destination)
    if arn is None:
        raise invalid_parameter(f"The provided destination {destination} is invalid.")
    if arn.service not in SERVICES or destination.endswith(".fifo"):
        raise not_modelled(f"destination {destination}: give an S3 bucket, or a standard SQS queue or SNS topic")


def _check_filters(criteria: Mapping[str, Any] | None) -> None:
    if criteria and len(criteria.get("Filters", [])) > FILTERS:
        raise invalid_parameter(
            f"{len(criteria['Filters'])} filters; the quota is {FILTERS} for each event source mapping"
        )
    try:
        event_filter(criteria)
    except AmbiguousPatternError as error:
        raise not_modelled(str(error)) from error
    except EmbeddedError as error:
        raise invalid_parameter(f"Invalid filter pattern definition. ({error})") from error


def _function_arn(backend: LambdaBackend, name: str) -> str:
    """Return the ARN of a mapping's function, which ends with the version or alias that was asked for."""
    try:
        function = backend.get_function(name)
    except UnknownFunctionException as error:
        raise invalid_parameter("Function does not exist") from error
    qualified = re.search(rf"(?:^|:){function.function_name}(:.+)$", name)
    unqualified: str = backend.get_function(function.function_name).function_arn
    return unqualified + qualified[1] if qualified else unqualified


def _check_modelled(description: Mapping[str, Any]) -> None:
    """Refuse what Lambda takes and what is not run here, such as several readers of one shard."""
    try:
        mapping_configuration({name: value for name, value in description.items() if value is not None})
    except EmbeddedError as error:
        raise not_modelled(str(error).removeprefix(f"event source mapping {description['UUID']}: ")) from error
