"""The actions that a document names, held against those that AWS has."""

from collections.abc import Iterator

from tableguard.check.rules.document_path import Document, shown, statements
from tableguard.check.rules.policy_grammar import as_list
from tableguard.policy.service_reference import ServiceReference, load


def problem(pattern: str, reference: ServiceReference) -> str:
    """Say what is wrong with the pattern of an Action element; an empty text if it covers an action that AWS has."""
    service = pattern.partition(":")[0]
    if pattern == "*":
        return ""
    if "*" in service or "?" in service:
        return "a wildcard in the name of the service"
    if service.lower() not in reference.services:
        return "the service is not among those whose actions are known here"
    if reference.matching(pattern):
        return ""
    close = ", ".join(reference.close_to(pattern))
    return f"no action of AWS's is called so{f'; like it: {close}' if close else ''}"


def notes(name: str, document: Document) -> Iterator[str]:
    """Yield a note for each action that AWS does not have, and one for all services whose actions are not known."""
    services: list[str] = []
    for path, statement in statements(document):
        for element in ("Action", "NotAction"):
            for pattern in map(str, as_list(statement.get(element, []))):
                service, wrong = pattern.partition(":")[0].lower(), problem(pattern, load())
                if service in load().services and wrong:
                    yield f"{name}: {shown((*path, element), document)}: {pattern}: {wrong}"
                elif wrong:
                    services.append(service)
    if services:
        unlisted = ", ".join(dict.fromkeys(services))
        yield f"{name}: actions are taken as written, because those of these services are not known here: {unlisted}"
