"""The context keys that a document names, held against those that AWS has.

A key that does not exist is in no request. A document with one is answered otherwise than its author reads it, and a
request that has the key is no example of anything.
"""

from collections.abc import Iterator
from typing import Any

from tableguard.check.rules.document_path import Document, Path, shown, statements
from tableguard.errors import PolicyError
from tableguard.policy.matching import VARIABLE
from tableguard.policy.service_reference import ServiceReference, load

UNLISTED = "the keys of its service are not known here"


def refuse_unknown(place: str, document: Document) -> None:
    """Raise PolicyError for a context key of AWS's, or of a service known here, that does not exist."""
    for path, key in named(document):
        refuse_key(f"{place}: {shown(path, document)}", key)


def refuse_key(place: str, key: str) -> None:
    """Raise PolicyError for a context key of AWS's, or of a service known here, that does not exist."""
    if load().key_type(key) is None and load().lists_keys_like(key):
        raise PolicyError(f"{place}: {key}: {problem(key, load())}")


def problem(key: str, reference: ServiceReference) -> str:
    """Say what is wrong with a key that is not known, and name those that are like it."""
    if not reference.lists_keys_like(key):
        return UNLISTED
    close = ", ".join(reference.keys_close_to(key))
    return f"AWS knows no such context key, so that it is never there{f'; like it: {close}' if close else ''}"


def unlisted(document: Document) -> Iterator[str]:
    """Yield the keys of services, and of identity providers, whose keys are not known here."""
    for _, key in named(document):
        if load().key_type(key) is None and not load().lists_keys_like(key):
            yield key


def named(document: Document) -> Iterator[tuple[Path, str]]:
    """Yield the keys in conditions and in variables, as they are written, each with its place."""
    for path, statement in statements(document):
        for element in ("Resource", "NotResource"):
            yield from (((*path, element), key) for key in _variables(statement.get(element)))
        for operator, lines in _items(statement.get("Condition")):
            for key, values in _items(lines):
                here = (*path, "Condition", operator, key)
                yield here, key
                yield from ((here, variable) for variable in _variables(values))


def _items(element: Any) -> list[tuple[str, Any]]:
    """Return the entries of an object; none of anything else, which is refused elsewhere."""
    return list(element.items()) if isinstance(element, dict) else []


def _variables(values: Any) -> Iterator[str]:
    for value in values if isinstance(values, list) else [values]:
        for name in VARIABLE.findall(value) if isinstance(value, str) else ():
            if name not in ("*", "?", "$"):
                yield name.partition(",")[0].strip()
