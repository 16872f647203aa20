"""The actions that a document names, held against those that AWS has."""

from collections.abc import Iterator

from tableguard.check.rules.document_path import Document, shown, statements
from tableguard.check.rules.policy_grammar import as_list
from tableguard.policy.service_reference import ServiceReference, load

UNLISTED = "the service is not among those whose actions are known here"


def problem(pattern: str, reference: ServiceReference) -> str:
    """Say what is wrong with the pattern of an Action element; an empty text if it covers an action that AWS has."""
    service = pattern.partition(":")[0]
    if pattern == "*":
        return ""
    if "*" in service or "?" in service:
        return "a wildcard in the name of the service"
    if service.lower() not in reference.services:
        return UNLISTED
    if reference.matching(pattern):
        return ""
    close = ", ".join(reference.close_to(pattern))
    return f"no action of AWS's is called so{f'; like it: {close}' if close else ''}"


def unknown(document: Document) -> Iterator[str]:
    """Yield place and problem of each action that AWS does not have, of the services known here."""
    for where, pattern in _named(document):
        if pattern.partition(":")[0].lower() in load().services and (wrong := problem(pattern, load())):
            yield f"{where}: {pattern}: {wrong}"


def unlisted(document: Document) -> Iterator[str]:
    """Yield the services whose actions are not known here."""
    for _, pattern in _named(document):
        service = pattern.partition(":")[0].lower()
        if service not in load().services and problem(pattern, load()):
            yield service


def _named(document: Document) -> Iterator[tuple[str, str]]:
    """Yield the patterns of actions, each with its place."""
    for path, statement in statements(document):
        for element in ("Action", "NotAction"):
            for pattern in as_list(statement.get(element, [])):
                yield shown((*path, element), document), str(pattern)
