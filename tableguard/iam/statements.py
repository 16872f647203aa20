"""Policy JSON -> statements that can be asked whether they match a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tableguard.errors import PolicyError
from tableguard.iam.conditions import Condition, parsed
from tableguard.iam.matching import Values, action_matches, resource_matches, substituted

_ELEMENTS = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
)
_PRINCIPAL_TYPES = ("AWS", "Service", "Federated", "CanonicalUser")


@dataclass(frozen=True)
class Patterns:
    """The values of Action or NotAction, Resource or NotResource: `inverted` for the Not… form."""

    values: tuple[str, ...]
    inverted: bool = False


@dataclass(frozen=True)
class Principals:
    """The values of Principal or NotPrincipal by type; a bare `*` is every type."""

    values: Mapping[str, tuple[str, ...]]
    inverted: bool = False


@dataclass(frozen=True)
class Statement:
    """One statement: whom it concerns is asked by the evaluator, what and when here."""

    sid: str
    effect: str
    action: Patterns
    resource: Patterns
    conditions: tuple[Condition, ...]
    principals: Principals | None = None

    def matches(self, action: str, resource: str, context: Values) -> bool:
        """Whether the statement speaks of this action on this resource under these circumstances."""
        return (
            self.covers_action(action)
            and self.covers_resource(resource, context)
            and all(condition.holds(context) for condition in self.conditions)
        )

    def covers_action(self, action: str) -> bool:
        """Whether Action (or NotAction) takes the action in."""
        found = any(action_matches(pattern, action) for pattern in self.action.values)
        return found != self.action.inverted

    def covers_resource(self, resource: str, context: Values) -> bool:
        """Whether Resource (or NotResource) takes the resource in."""
        filled = [substituted(pattern, context) for pattern in self.resource.values]
        if self.resource.inverted and None in filled:
            return False
        found = any(pattern is not None and resource_matches(pattern, resource) for pattern in filled)
        return found != self.resource.inverted


@dataclass(frozen=True)
class Policy:
    """A named document, ready to be asked."""

    name: str
    statements: tuple[Statement, ...]


def policy(name: str, document: Mapping[str, Any]) -> Policy:
    """A document's statements; PolicyError names document, statement and element that AWS would refuse."""
    statements = document.get("Statement")
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise PolicyError(f"{name}: Statement is missing or empty")
    return Policy(name, tuple(_statement(f"{name}: statement {n}", each) for n, each in enumerate(statements, 1)))


def _statement(place: str, element: Any) -> Statement:
    if not isinstance(element, Mapping):
        raise PolicyError(f"{place}: not an object")
    sid = element.get("Sid", "")
    place = f"{place} ({sid})" if sid else place
    unknown = sorted(set(element) - _ELEMENTS)
    if unknown:
        raise PolicyError(f"{place}: unknown element {unknown[0]!r}; AWS refuses the document")
    if element.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError(f"{place}: Effect is {element.get('Effect')!r}; accepted: 'Allow', 'Deny'")
    return Statement(
        sid=str(sid),
        effect=element["Effect"],
        action=_patterns(place, element, "Action"),
        resource=_patterns(place, element, "Resource", default=("*",)),
        conditions=_conditions(place, element.get("Condition", {})),
        principals=_principals(place, element),
    )


def _patterns(place: str, element: Mapping[str, Any], name: str, default: tuple[str, ...] = ()) -> Patterns:
    inverse = f"Not{name}"
    if name in element and inverse in element:
        raise PolicyError(f"{place}: has both {name} and {inverse}; one statement takes one of them")
    key = inverse if inverse in element else name
    if key not in element and default:
        return Patterns(default)  # a trust policy, an RCP or a resource policy may leave Resource out
    return Patterns(_texts(place, key, element.get(key)), inverted=key == inverse)


def _texts(place: str, key: str, value: Any) -> tuple[str, ...]:
    """A policy value that is one text or a list of them; numbers and booleans count as their JSON text."""
    items = value if isinstance(value, list) else [value]
    if not items or not all(isinstance(item, (str, bool, int, float)) for item in items):
        raise PolicyError(f"{place}: {key} must be a text or a list of texts, not empty")
    return tuple(str(item).lower() if isinstance(item, bool) else str(item) for item in items)


def _conditions(place: str, block: Any) -> tuple[Condition, ...]:
    if not isinstance(block, Mapping):
        raise PolicyError(f"{place}: Condition must be an object")
    found: list[Condition] = []
    for operator, lines in block.items():
        if not isinstance(lines, Mapping):
            raise PolicyError(f"{place}: Condition {operator!r} must be an object of keys and values")
        for key, values in lines.items():
            try:
                found.append(parsed(operator, key, _texts(place, f"{operator} {key}", values)))
            except PolicyError as error:
                raise PolicyError(f"{place}: {str(error).removeprefix(f'{place}: ')}") from error
    return tuple(found)


def _principals(place: str, element: Mapping[str, Any]) -> Principals | None:
    key = "NotPrincipal" if "NotPrincipal" in element else "Principal"
    if key not in element:
        return None
    value = element[key]
    if value == "*":
        return Principals({"*": ("*",)}, inverted=key == "NotPrincipal")
    if not isinstance(value, Mapping) or not value or any(kind not in _PRINCIPAL_TYPES for kind in value):
        raise PolicyError(f"{place}: {key} must be '*' or an object with any of {', '.join(_PRINCIPAL_TYPES)}")
    values = {kind: _texts(place, f"{key} {kind}", found) for kind, found in value.items()}
    return Principals(values, inverted=key == "NotPrincipal")


def policies(documents: Mapping[str, Mapping[str, Any]]) -> Sequence[Policy]:
    """Several named documents."""
    return [policy(name, document) for name, document in documents.items()]
