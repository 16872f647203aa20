"""Policy JSON as statements that match requests.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from tableguard.errors import PolicyError
from tableguard.policy.conditions import Condition, parsed
from tableguard.policy.matching import (
    Test,
    Values,
    action_test,
    arn_pattern,
    refuse_malformed_variable,
    resource_test,
    substituted,
)
from tableguard.policy.principals import Principals, principals

Effect = Literal["Allow", "Deny"]
Audience = Literal["unsaid", "everybody", "named"]

VERSION = "2012-10-17"
_TOP = frozenset(("Version", "Id", "Statement"))
_ELEMENTS = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
)
_CERTAIN_DIGITS = 15  # of a JSON number with a point; more may be rounded when it is read
_ACCOUNT = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
_ACTION = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+")


@dataclass(frozen=True)
class Patterns:
    """The values of Action or NotAction, Resource or NotResource: `inverted` for the Not… form.

    A promise may be about the values but for some that are `excluded`; no policy can say that in one statement.
    """

    values: tuple[str, ...]
    inverted: bool = False
    excluded: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The values, and those that are excluded."""
        return (*self.values, *self.excluded)

    def takes_in(self, action: str) -> bool:
        """Return True if an Action element with these values takes in an action, given in lower case."""
        return bool(self._action_test(action)) != self.inverted

    @cached_property
    def _action_test(self) -> Test:
        return action_test(self.values)

    @cached_property
    def lowered(self) -> frozenset[str]:
        """The values in lower case."""
        return frozenset(map(str.lower, self.values))

    def takes_in_resource(self, resource: str) -> bool:
        """Return True if a Resource element with these values, none of which has a variable, takes in a resource."""
        if self.excluded and self.excluded_test(resource):
            return False
        return bool(self.resource_test(resource)) != self.inverted

    @cached_property
    def resource_test(self) -> Test:
        """A test for the resources that one of the values covers, where none depends on the request."""
        return resource_test(self.values)

    @cached_property
    def excluded_test(self) -> Test:
        """A test for the resources that are excluded."""
        return resource_test(self.excluded)

    @cached_property
    def has_variables(self) -> bool:
        """True if a value depends on the request."""
        return any("${" in value for value in self.texts)


@dataclass(frozen=True)
class Statement:
    """One statement; the evaluator matches its principals, the statement itself action, resource and conditions."""

    sid: str
    effect: Effect
    action: Patterns
    resource: Patterns
    conditions: tuple[Condition, ...]
    principals: Principals | None = None

    @cached_property
    def accounts(self) -> frozenset[str]:
        """The accounts that the statement names, in whatever element."""
        named = self.principals.values.values() if self.principals else ()
        elements = (self.resource.texts, *(line.values for line in self.conditions), *named)
        return frozenset(account for texts in elements for text in texts for account in _ACCOUNT.findall(text))

    def matches(self, action: str, resource: str, context: Values) -> bool:
        """Return True if the statement covers this action on this resource under these circumstances."""
        return self.covers_action(action) and self.applies(resource, context)

    def applies(self, resource: str, context: Values) -> bool:
        """Return True if the statement covers this resource under these circumstances, whatever the action."""
        return self.covers_resource(resource, context) and all(line.holds(context) for line in self.conditions)

    def covers_action(self, action: str) -> bool:
        """Return True if Action (or NotAction) takes the action in."""
        return self.action.takes_in(action.lower())

    def covers_resource(self, resource: str, context: Values) -> bool:
        """Return True if Resource (or NotResource) takes the resource in; PolicyError where AWS leaves it undefined."""
        if not self.resource.has_variables:
            return self.resource.takes_in_resource(resource)
        if self.resource.excluded and self.resource.excluded_test(resource):
            return False
        return bool(self._filled_test(context)(resource)) != self.resource.inverted

    def _filled_test(self, context: Values) -> Test:
        """Return the test of Resource or NotResource; a value whose variable has no value covers no resource.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value
        """
        filled = (substituted(pattern, context) for pattern in self.resource.values)
        return resource_test(tuple(pattern for pattern in filled if pattern is not None))


@dataclass(frozen=True)
class Policy:
    """A named document, parsed; `assumed` says what a policy stands for that no file holds, `arn` how AWS names it."""

    name: str
    statements: tuple[Statement, ...]
    assumed: str = ""
    arn: str = ""  # of a policy in IAM or Organizations; an inline one has none

    def concerning(self, effect: Effect, action: str) -> tuple[Statement, ...]:
        """Return the statements with this effect that take in an action, given in lower case."""
        covering = self._concerning.get((effect, action))
        if covering is None:
            own = (statement for statement in self.statements if statement.effect == effect)
            covering = tuple(statement for statement in own if statement.covers_action(action))
            self._concerning[effect, action] = covering
        return covering

    @cached_property
    def _concerning(self) -> dict[tuple[Effect, str], tuple[Statement, ...]]:
        # at most every action that is decided: some thousands of small tuples, most of them the empty one
        return {}

    @cached_property
    def audience(self) -> frozenset[Audience]:
        """The ways in which the statements name principals."""
        return frozenset(_audience(statement.principals) for statement in self.statements)


def _audience(principals: Principals | None) -> Audience:
    if principals is None:
        return "unsaid"
    return "everybody" if principals.everybody else "named"


def policy(name: str, document: Mapping[str, Any]) -> Policy:
    """Parse a document's statements; PolicyError names document, statement and element that AWS would refuse.

    Refused too is what AWS accepts and then reads otherwise than it looks, or in a way that it does not define.
    """
    unknown = sorted(set(document) - _TOP)
    if unknown:
        raise PolicyError(f"{name}: unknown element {unknown[0]!r}; AWS refuses the document")
    statements = document.get("Statement")
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise PolicyError(f"{name}: Statement is missing or empty")
    elements = enumerate(statements, start=1)
    parsed_policy = Policy(name, tuple(_statement(f"{name}: statement {n}", element) for n, element in elements))
    if document.get("Version") != VERSION and _holds_variables(parsed_policy):
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
        raise PolicyError(f"{name}: without Version {VERSION} AWS takes ${{variables}} for plain text")
    return parsed_policy


def _holds_variables(policy: Policy) -> bool:
    return any("${" in value for statement in policy.statements for value in _values(statement))


def _statement(place: str, element: Any) -> Statement:
    if not isinstance(element, Mapping):
        raise PolicyError(f"{place}: not an object")
    sid = element.get("Sid", "")
    place = f"{place} ({sid})" if sid else place
    if not element.keys() <= _ELEMENTS:
        unknown = sorted(element.keys() - _ELEMENTS)
        raise PolicyError(f"{place}: unknown element {unknown[0]!r}; AWS refuses the document")
    effect = element.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f"{place}: Effect is {effect!r}; accepted: 'Allow', 'Deny'")
    statement = Statement(
        sid=str(sid),
        effect=effect,
        action=_actions(place, element),
        resource=_resources(place, element),
        conditions=_conditions(place, element.get("Condition", {})),
        principals=_principals(place, element),
    )
    _refuse_malformed_variables(place, statement)
    return statement


def _refuse_malformed_variables(place: str, statement: Statement) -> None:
    for value in _values(statement):
        if "${" in value:
            try:
                refuse_malformed_variable(value)
            except PolicyError as error:
                raise PolicyError(f"{place}: {error}") from error


def _values(statement: Statement) -> Iterator[str]:
    """Yield the values that may have variables: resources, and what conditions compare with."""
    yield from statement.resource.texts
    for line in statement.conditions:
        yield from line.values


def _actions(place: str, element: Mapping[str, Any]) -> Patterns:
    patterns = _patterns(place, element, "Action")
    for value in patterns.values:
        if not _ACTION.fullmatch(value):
            raise PolicyError(f"{place}: {value!r} is not an action; accepted: service:Name, with wildcards, or *")
    return patterns


def _resources(place: str, element: Mapping[str, Any]) -> Patterns:
    if "Resource" not in element and "NotResource" not in element:
        return Patterns(("*",))  # a role's trust policy has no Resource: the role itself is meant
    patterns = _patterns(place, element, "Resource")
    for value in patterns.values:
        if value != "*":
            try:
                arn_pattern(value)
            except PolicyError as error:
                raise PolicyError(f"{place}: Resource {error}") from error
    return patterns


def _patterns(place: str, element: Mapping[str, Any], name: str) -> Patterns:
    inverse = f"Not{name}"
    if name in element and inverse in element:
        raise PolicyError(f"{place}: has both {name} and {inverse}; one statement takes one of them")
    key = inverse if inverse in element else name
    return Patterns(_texts(place, key, element.get(key)), inverted=key == inverse)


def _texts(place: str, key: str, value: Any) -> tuple[str, ...]:
    """Return a policy value that is one text or a list of them; numbers and booleans count as their JSON text."""
    if isinstance(value, str):  # as most are
        return (value,)
    items = value if isinstance(value, list) else [value]
    if items and all(type(item) is str for item in items):
        return tuple(items)
    if not items or not all(isinstance(item, (str, bool, int, float)) for item in items):
        raise PolicyError(f"{place}: {key} must be a text or a list of texts, not empty")
    return tuple(_text(place, key, item) for item in items)


def _text(place: str, key: str, item: str | bool | float) -> str:
    """Return one value as a text, a number in full; PolicyError for one that lost digits when it was read."""
    if not isinstance(item, float):
        return str(item).lower() if isinstance(item, bool) else str(item)
    exact = Decimal(repr(item))
    if len(exact.as_tuple().digits) > _CERTAIN_DIGITS:
        raise PolicyError(f"{place}: {key}: {item} has more digits than a JSON number keeps; write it as a text")
    return format(exact, "f").removesuffix(".0")


def _conditions(place: str, block: Any) -> tuple[Condition, ...]:
    if not isinstance(block, Mapping):
        raise PolicyError(f"{place}: Condition must be an object")
    conditions: dict[tuple[str, str, bool, str], Condition] = {}
    for operator, lines in block.items():
        if not isinstance(lines, Mapping):
            raise PolicyError(f"{place}: Condition {operator!r} must be an object of keys and values")
        for key, values in lines.items():
            try:
                line = parsed(operator, key, _texts(place, f"{operator} {key}", values))
            except PolicyError as error:
                raise PolicyError(f"{place}: {str(error).removeprefix(f'{place}: ')}") from error
            same = (line.quantifier, line.operator, line.if_exists, line.key)
            if same in conditions:
                raise PolicyError(f"{place}: {operator} on {key} is written twice, in different case")
            conditions[same] = line
    return tuple(conditions.values())


def _principals(place: str, element: Mapping[str, Any]) -> Principals | None:
    if "NotPrincipal" in element:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
        raise PolicyError(
            f"{place}: NotPrincipal with Deny stops everybody who has a boundary, even those it names; "
            "use Principal * and ArnNotEquals on aws:PrincipalArn"
        )
    if "Principal" not in element:
        return None
    value = element["Principal"]
    if value == "*":
        return Principals({"AWS": ("*",)})
    if not isinstance(value, Mapping) or not value:
        raise PolicyError(f"{place}: Principal must be '*' or an object of types and names")
    try:
        return Principals({kind: principals(kind, _texts(place, kind, names)) for kind, names in value.items()})
    except PolicyError as error:
        raise PolicyError(f"{place}: {str(error).removeprefix(f'{place}: ')}") from error
