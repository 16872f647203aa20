"""Correction of moto's reading of JSON requests: one that does not follow the service's API model is refused.

moto 5.2.5 crashes where a parameter is missing or of another type, and heeds none of the lengths, ranges, patterns and
enumerations that AWS publishes for its clients, which botocore has: `Limit` of 0 is taken for none. AWS names them all:
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html
"""

import binascii
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.utils import get_service_model

from tableguard.local.moto.patch import wrap

_KINDS: dict[type, tuple[str, ...]] = {
    dict: ("structure", "map"),
    list: ("list",),
    str: ("string", "blob", "timestamp"),
    bool: ("boolean",),
    int: ("integer", "long", "float", "double", "timestamp"),
    float: ("float", "double", "timestamp"),
}
# structures of which exactly one member is given, though botocore does not say so
_UNIONS = ("AttributeValue", "WriteRequest", "TransactWriteItem")


Further = Callable[[Any], Iterator[str]]


def install(handler: Any, is_checked: Callable[[Any], bool], further: Further) -> None:
    """Wrap a handler's parse_parameters, and its authorization, after which AWS looks at what is asked.

    `further` yields what else is wrong with the body of a request that follows the model.
    """
    wrap(handler, "parse_parameters", _parse)

    def authorize(original: Callable[..., None], request: Any, resource: str = "*") -> None:
        original(request, resource)
        if not is_checked(request):
            return
        if faults := _faults_once(request):
            count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected: "
            raise JsonRESTError("ValidationException", count + "; ".join(faults))
        for fault in further(json.loads(request.raw_body)):
            raise JsonRESTError("ValidationException", fault)

    wrap(handler, "_authenticate_and_authorize_normal_action", authorize)


def _parse(original: Callable[[Any, Any], None], handler: Any, request: Any) -> None:
    _faults_once(handler)  # a value of another type would crash the original
    original(handler, request)


def _faults_once(handler: Any) -> list[str]:
    """Return the faults of a handler's request, which are looked for before it is authorized and told after that."""
    if "faults_of_model" not in vars(handler):
        handler.faults_of_model = list(_faults_of(handler))
    faults: list[str] = handler.faults_of_model
    return faults


def _faults_of(handler: Any) -> Iterator[str]:
    service = get_service_model(handler.boto3_service_name)
    if handler._get_action() not in service.operation_names:
        raise JsonRESTError("UnknownOperationException", f"not modelled: {handler._get_action()}")
    try:
        return _faults(service.operation_model(handler._get_action()).input_shape, json.loads(handler.raw_body), "")
    except ValueError as error:  # moto takes a form's body away
        raise JsonRESTError("SerializationException", "the body is not a JSON object") from error


def _faults(shape: Any, value: Any, place: str) -> Iterator[str]:
    """Yield which constraints a value does not satisfy, as AWS words it; refuse a value of another type at once."""
    if shape.name == "AttributeValue" and is_text(value):
        return  # most values by far, and nothing is wrong with them
    if shape.type_name not in _KINDS.get(type(value), ()) or (shape.type_name == "blob" and not _is_base64(value)):
        raise JsonRESTError("SerializationException", f"{place} is not of the type {shape.name}")
    if (wanted := _broken_constraint(shape, value)) is not None:
        yield f"Value '{value}' at '{place}' failed to satisfy constraint: Member must {wanted}"
    for part_shape, part, part_place in _parts(shape, value, place):
        if part is None and shape.type_name == "structure":
            yield f"Value null at '{part_place}' failed to satisfy constraint: Member must not be null"
        else:
            yield from _faults(part_shape, part, part_place)


def is_text(value: Any) -> bool:
    """Return whether an attribute value is a string or a number, for which the model knows no limits."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("S", value.get("N")), str)


def _is_base64(text: str) -> bool:
    try:
        binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        return False
    return True


def _parts(shape: Any, value: Any, place: str) -> Iterator[tuple[Any, Any, str]]:
    """Yield the parts of a value, each with its shape and its place; None for a member that is required and absent."""
    if shape.type_name == "structure":
        prefix = f"{place}." if place else ""
        for name in {**dict.fromkeys(shape.required_members), **value}:
            part, is_required = value.get(name), name in shape.required_members
            if name in shape.members and (part is not None or is_required):
                yield shape.members[name], part, f"{prefix}{name[0].lower()}{name[1:]}"
    elif shape.type_name == "map":
        yield from ((shape.value, part, f"{place}.{key}.member") for key, part in value.items())
    elif shape.type_name == "list":
        yield from ((shape.member, part, f"{place}.{number}.member") for number, part in enumerate(value, 1))


def _broken_constraint(shape: Any, value: Any) -> str | None:
    """Return what a value should do and does not."""
    if shape.name in _UNIONS and sum(value.get(name) is not None for name in shape.members) != 1:
        return "contain exactly one of the supported datatypes"
    limits = shape.metadata
    what, size = ("value", value) if isinstance(value, int | float) else ("length", len(value))
    if size < limits.get("min", size):
        return f"have {what} greater than or equal to {limits['min']}"
    if size > limits.get("max", size):
        return f"have {what} less than or equal to {limits['max']}"
    pattern, allowed = limits.get("pattern", ""), limits.get("enum")
    if pattern and r"\p" not in pattern and not re.fullmatch(pattern, value):  # Java's classes are not Python's
        return f"satisfy regular expression pattern: {pattern}"
    return f"satisfy enum value set: [{', '.join(allowed)}]" if allowed and value not in allowed else None
