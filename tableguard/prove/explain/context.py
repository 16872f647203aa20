"""Context keys as a person gives them on the command line, refused where no request can have them so."""

import ipaddress
from collections.abc import Callable, Mapping, Sequence

from tableguard.aws import arn
from tableguard.check.rules import context_keys
from tableguard.errors import PolicyError
from tableguard.policy.conditions import OPERATORS
from tableguard.policy.service_reference import load

_LIST = "ArrayOf"
# a key's type in AWS's reference -> the reader of a value, which refuses what is none, and what is accepted
_TYPES: Mapping[str, tuple[Callable[[str], object], str]] = {
    "ARN": (arn.require, "an ARN"),
    "Bool": (OPERATORS["Bool"].read, "true or false"),
    "Date": (OPERATORS["DateEquals"].read, "such as 2026-12-01T12:00:00Z, or seconds since 1970"),
    "IPAddress": (ipaddress.ip_address, "an address, such as 203.0.113.7"),
    "Numeric": (OPERATORS["NumericEquals"].read, "a number"),
}


def context_of(texts: Sequence[str]) -> dict[str, str | tuple[str, ...]]:
    """Return the context keys of KEY=VALUE texts; a key that is given several times has several values.

    PolicyError for a key that AWS does not have, for a value that is not of the key's type, and for a second value of a
    key that takes one.
    """
    keys: dict[str, tuple[str, ...]] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or ":" not in key:
            raise PolicyError(f"--context {text!r}: accepted: KEY=VALUE, as in aws:SourceVpce=vpce-1a2b3c4d")
        context_keys.refuse_key("--context", key)
        _refuse_value(key, value)
        keys[key] = (*keys.get(key, ()), value)
    for key, values in keys.items():
        _refuse_several(key, values)
    return {key: values[0] if len(values) == 1 else values for key, values in keys.items()}


def _refuse_value(key: str, value: str) -> None:
    """Raise PolicyError for a value that is not of the key's type, or that would break the lines of the answer."""
    if not value.isprintable():
        raise PolicyError(f"--context {key}={value!r}: accepted: a text of printable characters")
    kind = (load().key_type(key) or "").removeprefix(_LIST)
    if kind not in _TYPES or (kind == "ARN" and not _is_named_arn(key)):
        return
    read, accepted = _TYPES[kind]
    try:
        read(value)
    except (PolicyError, ValueError) as error:
        raise PolicyError(f"--context {key}={value}: accepted: {accepted}") from error


def _is_named_arn(key: str) -> bool:
    """Return True for a key whose name says that it is an ARN: the reference calls ec2:InstancePlatform one too."""
    return "arn" in key.partition(":")[2].lower()


def _refuse_several(key: str, values: Sequence[str]) -> None:
    """Raise PolicyError for several values of a key of which every request has one at most."""
    kind = load().key_type(key)
    if kind is not None and not kind.startswith(_LIST) and len(values) > 1:
        raise PolicyError(f"--context {key}: {len(values)} values, {', '.join(values)}; accepted: one")
