"""What in a policy document does not mean what it says: names that AWS does not know, parts that can never match, and
constructs whose meaning AWS leaves open. Sizes and the grammar of each kind of document are looked at elsewhere.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tableguard.errors import PolicyError
from tableguard.findings.finding import Finding
from tableguard.policy.conditions import OPERATORS, Condition
from tableguard.policy.matching import VARIABLE
from tableguard.policy.pattern_overlap import have_in_common
from tableguard.policy.service_reference import NEVER_UNDER_RCPS, Action, Universe, load
from tableguard.policy.statements import Statement, policy

Problems = Iterator[tuple[str, str]]  # (element, what is wrong there)

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_RCPS = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html"
_KMS_RCPS = "https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html"
_FAMILIES = {
    "String": ("String",),
    "ARN": ("Arn", "String"),
    "Bool": ("Bool",),
    "Numeric": ("Numeric",),
    "Date": ("Date", "Numeric"),  # aws:EpochTime may be compared as the number that it is
    "IPAddress": ("IpAddress", "NotIpAddress"),
    "Binary": ("Binary",),
}


@dataclass(frozen=True)
class _Asked:
    """A statement, the kind of its document, and what is known of AWS."""

    kind: str
    statement: Statement
    universe: Universe

    @cached_property
    def actions(self) -> tuple[Action, ...]:
        """The known actions that the statement covers."""
        named = {str(each): each for value in self.statement.action.values for each in self.universe.matching(value)}
        if not self.statement.action.inverted:
            return tuple(named.values())
        return tuple(each for each in self.universe.actions.values() if str(each) not in named)


@dataclass(frozen=True)
class Rule:
    """One rule: how it finds fault with a statement, and what to do then."""

    name: str
    remedy: str
    faults: Callable[[_Asked], Problems]


def check(place: str, kind: str, document: Mapping[str, Any], universe: Universe | None = None) -> list[Finding]:
    """Everything in a filled document of a kind (scp, rcp, endpoint, resource, role) that is ambiguous or broken."""
    found = document.get("Statement")
    listed = found if isinstance(found, list) else [found]
    return [
        finding
        for number, element in enumerate(listed, 1)
        for finding in _check_statement(place, kind, number, {**document, "Statement": element}, universe or load())
    ]


def _check_statement(
    place: str, kind: str, number: int, document: Mapping[str, Any], universe: Universe
) -> Iterator[Finding]:
    element = document["Statement"]
    sid = element.get("Sid") if isinstance(element, Mapping) else None
    where = f"{place}: statement {number} ({sid})" if sid else f"{place}: statement {number}"
    try:
        (statement,) = policy(place, document).statements
    except PolicyError as error:
        problem = re.sub(rf"^{re.escape(place)}: (statement 1( \([^)]*\))?: )?", "", str(error))
        yield Finding(where, "unreadable", problem, "write it so that AWS and its readers understand the same")
        return
    asked = _Asked(kind, statement, universe)
    for rule in RULES:
        for name, problem in rule.faults(asked):
            yield Finding(f"{where}: {name}", rule.name, problem, rule.remedy)


# ---------------------------------------------------------------- actions and resources


def _unknown_action(asked: _Asked) -> Problems:
    element = "NotAction" if asked.statement.action.inverted else "Action"
    for pattern in asked.statement.action.values:
        service = pattern.partition(":")[0]
        if pattern == "*":
            continue
        if "*" in service or "?" in service:
            yield element, f"{pattern}: a wildcard in the name of the service"
        elif service.lower() not in asked.universe.services:
            yield element, f"{pattern}: the service is not among those whose actions are known here"
        elif not asked.universe.matching(pattern):
            yield element, f"{pattern}: no action of AWS's is called so"


def _not_under_rcps(asked: _Asked) -> Problems:
    """What an RCP names and cannot stop; `*` means the services that RCPs know."""
    if asked.kind != "rcp" or asked.statement.action.inverted:
        return
    named = [value.lower() for value in asked.statement.action.values if value != "*"]
    for service in sorted({value.partition(":")[0] for value in named} - asked.universe.rcp_services):
        yield "Action", f"{service}: RCPs do not apply to this service ({_RCPS})"
    for action in sorted(NEVER_UNDER_RCPS.intersection(named)):
        yield "Action", f"{asked.universe.actions[action]}: no RCP stops it ({_KMS_RCPS})"


def _action_without_its_resource(asked: _Asked) -> Problems:
    """An action named in full that none of the statement's resources can be the resource of."""
    resource = asked.statement.resource
    if resource.inverted or "*" in resource.values or asked.statement.action.inverted:
        return
    for pattern in asked.statement.action.values:
        covered = asked.universe.matching(pattern)
        formats = [arn for action in covered for arn in _formats(action, asked.universe)]
        if covered and not any(have_in_common(arn, each) for arn in formats for each in _patterns(asked)):
            yield "Resource", f"{pattern} acts on {_types(covered)}, and none is among these"


def _resource_without_action(asked: _Asked) -> Problems:
    """A resource that no action of the statement acts on."""
    if asked.statement.action.inverted:
        return
    formats = {arn for action in asked.actions for arn in _formats(action, asked.universe)}
    for written, pattern in zip(asked.statement.resource.values, _patterns(asked), strict=True):
        if formats and pattern != "*" and not any(have_in_common(arn, pattern) for arn in formats):
            yield "Resource", f"{written}: no action of the statement acts on such a resource"


def _patterns(asked: _Asked) -> list[str]:
    return [VARIABLE.sub("*", value) for value in asked.statement.resource.values]


def _formats(action: Action, universe: Universe) -> list[str]:
    """The ARNs that an action can act on, as patterns."""
    known = universe.arn_formats[action.service]
    return [VARIABLE.sub("*", known[name]) for name in action.resources if name in known]


def _types(actions: tuple[Action, ...]) -> str:
    names = sorted({name for action in actions for name in action.resources})
    return ", ".join(names) if names else "no resource of its own (Resource *)"


def _account_half_written(asked: _Asked) -> Problems:
    for value in asked.statement.resource.values:
        account = value.split(":", 5)[4] if value != "*" else ""
        if not re.fullmatch(r"|\*|aws|[0-9]{12}", account):
            yield "Resource", f"{value}: the account is {account!r}, neither an account's number nor *"


def _type_by_wildcard(asked: _Asked) -> Problems:
    """A wildcard in the type of a resource, as in functi*:name; S3's objects have no type.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html calls that incorrect, and readers differ on it.
    """
    for value in asked.statement.resource.values:
        components = value.split(":", 5)
        if (
            value != "*"
            and components[2] != "s3"
            and re.match(r"[^/:]*[*?][^/:]*[/:]", VARIABLE.sub("", components[5]))
        ):
            yield "Resource", f"{value}: a wildcard in the type of the resource"


# ---------------------------------------------------------------- conditions


def _unknown_key(asked: _Asked) -> Problems:
    for line in asked.statement.conditions:
        if asked.universe.key_type(line.key) is None:
            yield _element(line), "AWS knows no such context key, so that it is never there"


def _key_of_other_actions(asked: _Asked) -> Problems:
    """A service's own key that other actions have in their requests, and none of the statement's."""
    covered = {key.lower() for action in asked.actions for key in action.keys}
    for line in asked.statement.conditions:
        somewhere = line.key in asked.universe.keys_of_actions
        if somewhere and line.key not in covered and line.key not in asked.universe.global_keys:
            yield _element(line), "no action of the statement has this key in its requests"


def _wrong_operator(asked: _Asked) -> Problems:
    for line in asked.statement.conditions:
        kind = (asked.universe.key_type(line.key) or "").removeprefix("ArrayOf")
        if line.operator != "Null" and kind in _FAMILIES and not line.operator.startswith(_FAMILIES[kind]):
            yield _element(line), f"the key is of type {kind}"


def _several_values(asked: _Asked) -> Problems:
    for line in asked.statement.conditions:
        several = (asked.universe.key_type(line.key) or "").startswith("ArrayOf")
        if several and not line.quantifier and line.operator != "Null":
            yield _element(line), "the key can have several values, and the operator is for one"


def _one_value(asked: _Asked) -> Problems:
    for line in asked.statement.conditions:
        kind = asked.universe.key_type(line.key)
        if line.quantifier and kind is not None and not kind.startswith("ArrayOf"):
            yield _element(line), "the key has one value, and the operator is for several"


def _set_if_exists(asked: _Asked) -> Problems:
    for line in asked.statement.conditions:
        if line.quantifier and line.if_exists:
            yield _element(line), "a set operator with IfExists: AWS does not say which counts without the key"


def _all_of_nothing(asked: _Asked) -> Problems:
    """ForAllValues holds without the key; in Allow that lets every request by that leaves the key out."""
    demanded = {
        line.key for line in asked.statement.conditions if line.operator == "Null" and line.values == ("false",)
    }
    for line in asked.statement.conditions:
        if asked.statement.effect == "Allow" and line.quantifier == "ForAllValues" and line.key not in demanded:
            yield _element(line), "ForAllValues holds too when the request does not have the key"


def _wildcard_taken_literally(asked: _Asked) -> Problems:
    for line in asked.statement.conditions:
        if line.operator.startswith("String") and not line.operator.endswith("Like"):
            for value in line.values:
                if re.search(r"[*?]", VARIABLE.sub("", value)):
                    yield _element(line), f"{value!r}: {line.operator} takes * and ? for plain characters"


def _no_region(asked: _Asked) -> Problems:
    for line in asked.statement.conditions:
        if line.key == "aws:requestedregion" and line.operator in ("StringEquals", "StringNotEquals"):
            for value in line.values:
                if not _REGION.fullmatch(value) and "${" not in value:
                    yield _element(line), f"{value!r} is not the name of a Region"


def _session_as_principal_arn(asked: _Asked) -> Problems:
    for line in asked.statement.conditions:
        if line.key == "aws:principalarn":
            for value in line.values:
                if ":assumed-role/" in value:
                    yield _element(line), f"{value!r}: for a session aws:PrincipalArn is the ARN of its role"


# ---------------------------------------------------------------- variables


def _variables(asked: _Asked) -> Iterator[tuple[str, str, bool]]:
    """Every variable: its element, its text, and whether the element is a negation."""
    resource = asked.statement.resource
    texts = [
        ("NotResource" if resource.inverted else "Resource", value, resource.inverted) for value in resource.values
    ]
    for line in asked.statement.conditions:
        negated = line.operator != "Null" and OPERATORS[line.operator].negated
        texts += [(_element(line), value, negated) for value in line.values]
    for element, value, negated in texts:
        for match in VARIABLE.finditer(value):
            if match[1] not in ("*", "?", "$"):
                yield element, match[1], negated


def _unknown_variable(asked: _Asked) -> Problems:
    for element, variable, _ in _variables(asked):
        if asked.universe.key_type(variable.partition(",")[0].strip()) is None:
            yield element, f"${{{variable}}} is no context key: it never has a value, and the statement never matches"


def _variable_of_several(asked: _Asked) -> Problems:
    for element, variable, _ in _variables(asked):
        if (asked.universe.key_type(variable.partition(",")[0].strip()) or "").startswith("ArrayOf"):
            yield element, f"${{{variable}}} can have several values; a variable takes one"


def _negated_variable(asked: _Asked) -> Problems:
    for element, variable, negated in _variables(asked):
        if negated and "," not in variable:
            yield element, f"${{{variable}}} in a negation: AWS does not define it for a request without the key"


def _unquoted_default(asked: _Asked) -> Problems:
    for element, variable, _ in _variables(asked):
        default = variable.partition(",")[2].strip()
        if "," in variable and not re.fullmatch(r"'[^']*'", default):
            yield element, f"${{{variable}}}: the default is not in single quotes"


def _element(line: Condition) -> str:
    operator = f"{line.quantifier}:{line.operator}" if line.quantifier else line.operator
    return f"Condition {operator}{'IfExists' if line.if_exists else ''} {line.key}"


RULES = (
    Rule("unknown-action", "write the action as AWS's reference has it", _unknown_action),
    Rule("not-under-rcps", "leave the service to an SCP or to the resource's own policy", _not_under_rcps),
    Rule("action-without-resource", "name a resource of the action, or move the action", _action_without_its_resource),
    Rule(
        "resource-without-action", "take the resource out, or name the action that is meant", _resource_without_action
    ),
    Rule("type-pattern", "name the type, or let one * stand for type and name", _type_by_wildcard),
    Rule("account-pattern", "write the account's twelve digits, or *", _account_half_written),
    Rule("unknown-key", "write the key as AWS's reference has it", _unknown_key),
    Rule("key-of-other-actions", "take the condition out, or move the action that has the key", _key_of_other_actions),
    Rule("wrong-operator", "use an operator for the key's type", _wrong_operator),
    Rule("several-values", "use ForAllValues or ForAnyValue", _several_values),
    Rule("one-value", "leave ForAllValues or ForAnyValue out", _one_value),
    Rule("set-if-exists", "leave IfExists out and say with Null what a missing key means", _set_if_exists),
    Rule("all-of-nothing", "demand the key as well: Null: false", _all_of_nothing),
    Rule("literal-wildcard", "use the Like operator, or ${*} for the character", _wildcard_taken_literally),
    Rule("no-region", "write the Region's name, or use the Like operator", _no_region),
    Rule("session-arn", "write the ARN of the role", _session_as_principal_arn),
    Rule("unknown-variable", "fill the placeholder, or name a context key", _unknown_variable),
    Rule("variable-of-several", "use a key of one value", _variable_of_several),
    Rule("negated-variable", "give it a default: ${key, 'none'}", _negated_variable),
    Rule("unquoted-default", "write ${key, 'default'}", _unquoted_default),
)
