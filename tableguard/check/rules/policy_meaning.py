"""Lint policies for elements that AWS ignores, that can never match, or whose meaning AWS leaves open.

Sizes and the grammar of each kind of document are checked by policy_grammar.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from tableguard.aws.arn import components
from tableguard.check.rules import action_names, context_keys, contradiction
from tableguard.check.rules.document_path import Document, LineOf, Path, no_line, shown
from tableguard.errors import PolicyError
from tableguard.findings.finding import Finding, Level
from tableguard.policy.conditions import OPERATORS, Condition
from tableguard.policy.matching import VARIABLE
from tableguard.policy.pattern_overlap import have_in_common
from tableguard.policy.service_reference import NEVER_UNDER_RCPS, Action, ServiceReference, load
from tableguard.policy.statements import Statement, policy

Problems = Iterator[tuple[Path, str]]  # (path within the statement, what is wrong there)

# parts of ARNs that hold no slash, by the naming rules of S3, DynamoDB, KMS, SNS, SQS and Lambda
_NAMES = ("BucketName", "TableName", "IndexName", "StreamLabel", "BackupName", "KeyId", "TopicName", "QueueName")
_NO_SLASH = frozenset(("Partition", "Region", "Account", "FunctionName", *_NAMES))
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
class _Subject:
    """A statement under the lint, the kind of its document, and what is known of AWS."""

    kind: str
    statement: Statement
    reference: ServiceReference

    @cached_property
    def actions(self) -> tuple[Action, ...]:
        """Return the known actions that the statement covers."""
        named = {
            str(action): action for value in self.statement.action.values for action in self.reference.matching(value)
        }
        if not self.statement.action.inverted:
            return tuple(named.values())
        return tuple(action for action in self.reference.actions.values() if str(action) not in named)


@dataclass(frozen=True)
class MeaningRule:
    """A rule: the function that finds faults in a statement, the remedy, and how grave they are."""

    name: str
    remedy: str
    faults: Callable[[_Subject], Problems]
    level: Level = "error"


def check(
    file: str, kind: str, document: Document, reference: ServiceReference | None = None, line_of: LineOf = no_line
) -> list[Finding]:
    """Return everything ambiguous or broken in a filled document of a kind (scp, rcp, endpoint, resource, role)."""
    element = document.get("Statement")
    listed = enumerate(element) if isinstance(element, list) else [(None, element)]
    findings: list[Finding] = []
    for index, item in listed:
        path: Path = ("Statement",) if index is None else ("Statement", index)
        for inner, rule, problem in _faults(file, kind, {**document, "Statement": item}, reference or load()):
            whole = (*path, *inner)
            place = shown(whole, document), line_of(whole)
            findings.append(Finding(rule.name, file, *place, problem, rule.remedy, rule.level))
    return findings


def _faults(
    file: str, kind: str, document: Document, reference: ServiceReference
) -> Iterator[tuple[Path, MeaningRule, str]]:
    """Yield path, rule and problem of each fault in a document of one statement."""
    try:
        (statement,) = policy(file, document).statements
    except PolicyError as error:
        problem = re.sub(rf"^{re.escape(file)}: (statement 1( \([^)]*\))?: )?", "", str(error))
        yield (), _UNREADABLE, problem
        return
    subject = _Subject(kind, statement, reference)
    for rule in RULES:
        for path, problem in rule.faults(subject):
            yield path, rule, problem


# ---------------------------------------------------------------- actions and resources


def _unknown_action(subject: _Subject) -> Problems:
    element = "NotAction" if subject.statement.action.inverted else "Action"
    for pattern in subject.statement.action.values:
        if wrong := action_names.problem(pattern, subject.reference):
            yield (element,), f"{pattern}: {wrong}"


def _not_under_rcps(subject: _Subject) -> Problems:
    """Find what an RCP names and cannot stop; `*` means the services that RCPs know."""
    if subject.kind != "rcp" or subject.statement.action.inverted:
        return
    named = [value.lower() for value in subject.statement.action.values if value != "*"]
    for service in sorted({value.partition(":")[0] for value in named} - subject.reference.rcp_services):
        yield ("Action",), f"{service}: RCPs do not apply to this service ({_RCPS})"
    for action in sorted(NEVER_UNDER_RCPS.intersection(named)):
        yield ("Action",), f"{subject.reference.actions[action]}: no RCP stops it ({_KMS_RCPS})"


def _action_without_its_resource(subject: _Subject) -> Problems:
    """Find actions that act on none of the statement's resources."""
    resource = subject.statement.resource
    if resource.inverted or "*" in resource.values or subject.statement.action.inverted:
        return
    for pattern in subject.statement.action.values:
        covered = subject.reference.matching(pattern)
        formats = [arn for action in covered for arn in _formats(action, subject.reference)]
        if covered and not any(_may_name(named, arn) for arn in formats for named in _patterns(subject)):
            yield ("Resource",), f"{pattern} acts on {_types(covered)}, and none is among these"


def _resource_without_action(subject: _Subject) -> Problems:
    """Find resources that no action of the statement acts on."""
    if subject.statement.action.inverted:
        return
    formats = {arn for action in subject.actions for arn in _formats(action, subject.reference)}
    for written, pattern in zip(subject.statement.resource.values, _patterns(subject), strict=True):
        if formats and pattern != "*" and not any(_may_name(pattern, arn) for arn in formats):
            yield ("Resource",), f"{written}: no action of the statement acts on such a resource"


def _patterns(subject: _Subject) -> list[str]:
    return [VARIABLE.sub("*", value) for value in subject.statement.resource.values]


def _formats(action: Action, reference: ServiceReference) -> list[str]:
    """Return the formats of the ARNs that an action can act on."""
    formats = reference.arn_formats[action.service]
    return [formats[name] for name in action.resources if name in formats]


def _may_name(pattern: str, arn: str) -> bool:
    """Return True if a pattern covers an ARN of this format: objects, as in bucket/*, are no buckets."""
    written, own = components(pattern), components(VARIABLE.sub("*", arn))
    if written is None or own is None:
        return have_in_common(VARIABLE.sub("*", arn), pattern)
    if not all(have_in_common(one, other) for one, other in zip(written, own, strict=True)):
        return False
    return not _NO_SLASH.issuperset(VARIABLE.findall(arn)) or written[-1].count("/") <= own[-1].count("/")


def _types(actions: tuple[Action, ...]) -> str:
    names = sorted({name for action in actions for name in action.resources})
    if any(action.resources and action.needs_no_resource for action in actions):
        names.append("requests that name none (Resource *)")
    return ", ".join(names) if names else "no resource of its own (Resource *)"


def _account_half_written(subject: _Subject) -> Problems:
    for value in subject.statement.resource.values:
        *_, account, _ = components(value) or ("", "")
        if not re.fullmatch(r"|\*|aws|[0-9]{12}", account):
            yield ("Resource",), f"{value}: the account is {account!r}, neither an account's number nor *"


def _type_by_wildcard(subject: _Subject) -> Problems:
    """Find wildcards in the type of a resource, as in functi*:name; S3's objects have no type.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html calls that incorrect, and readers differ on it.
    """
    for value in subject.statement.resource.values:
        parts = components(value)
        if parts is None or parts[2] == "s3":
            continue
        if re.match(r"[^/:]*[*?][^/:]*[/:]", VARIABLE.sub("", parts[-1])):
            yield ("Resource",), f"{value}: a wildcard in the type of the resource"


# ---------------------------------------------------------------- conditions


def _unknown_key(subject: _Subject) -> Problems:
    for line in subject.statement.conditions:
        if subject.reference.key_type(line.key) is None:
            yield _element(line), context_keys.problem(line.key, subject.reference)


def _key_of_other_actions(subject: _Subject) -> Problems:
    """Find keys of a service that other actions have in their requests, and none of the statement's.

    The keys of an action that is known from botocore alone are not known, so that it may have each of its service.
    """
    covered = {key.lower() for action in subject.actions for key in action.keys}
    open_services = {action.service for action in subject.actions if action.from_botocore}
    for line in subject.statement.conditions:
        if line.key.partition(":")[0] in open_services:
            continue
        somewhere = line.key in subject.reference.keys_of_actions
        if somewhere and line.key not in covered and line.key not in subject.reference.global_keys:
            yield _element(line), "no action of the statement has this key in its requests"


def _wrong_operator(subject: _Subject) -> Problems:
    for line in subject.statement.conditions:
        kind = (subject.reference.key_type(line.key) or "").removeprefix("ArrayOf")
        if line.operator != "Null" and kind in _FAMILIES and not line.operator.startswith(_FAMILIES[kind]):
            yield _element(line), f"the key is of type {kind}"


def _several_values(subject: _Subject) -> Problems:
    for line in subject.statement.conditions:
        several = (subject.reference.key_type(line.key) or "").startswith("ArrayOf")
        if several and not line.quantifier and line.operator != "Null":
            yield _element(line), "the key can have several values, and the operator is for one"


def _one_value(subject: _Subject) -> Problems:
    for line in subject.statement.conditions:
        kind = subject.reference.key_type(line.key)
        if line.quantifier and kind is not None and not kind.startswith("ArrayOf"):
            yield _element(line), "the key has one value, and the operator is for several"


def _set_if_exists(subject: _Subject) -> Problems:
    for line in subject.statement.conditions:
        if line.quantifier and line.if_exists:
            yield _element(line), "a set operator with IfExists: AWS does not say which counts without the key"


def _all_of_nothing(subject: _Subject) -> Problems:
    """Find ForAllValues in Allow: it holds without the key, and so allows every request that leaves the key out."""
    demanded = {
        line.key for line in subject.statement.conditions if line.operator == "Null" and line.values == ("false",)
    }
    for line in subject.statement.conditions:
        if subject.statement.effect == "Allow" and line.quantifier == "ForAllValues" and line.key not in demanded:
            yield _element(line), "ForAllValues holds too when the request does not have the key"


def _contradictory(subject: _Subject) -> Problems:
    for line in contradiction.contradictory(subject.statement.conditions):
        yield _element(line), "no request meets this and the other conditions on the key: the statement never matches"


def _wildcard_taken_literally(subject: _Subject) -> Problems:
    for line in subject.statement.conditions:
        if line.operator.startswith("String") and not line.operator.endswith("Like"):
            for value in line.values:
                if re.search(r"[*?]", VARIABLE.sub("", value)):
                    yield _element(line), f"{value!r}: {line.operator} takes * and ? for plain characters"


def _no_region(subject: _Subject) -> Problems:
    for line in subject.statement.conditions:
        if line.key == "aws:requestedregion" and line.operator in ("StringEquals", "StringNotEquals"):
            for value in line.values:
                if not _REGION.fullmatch(value) and "${" not in value:
                    yield _element(line), f"{value!r} is not the name of a Region"


def _session_as_principal_arn(subject: _Subject) -> Problems:
    for line in subject.statement.conditions:
        if line.key == "aws:principalarn":
            for value in line.values:
                if ":assumed-role/" in value:
                    yield _element(line), f"{value!r}: for a session aws:PrincipalArn is the ARN of its role"


# ---------------------------------------------------------------- variables


def _variables(subject: _Subject) -> Iterator[tuple[Path, str, bool]]:
    """Yield every variable: the path of its element, its text, and whether the element is a negation."""
    resource = subject.statement.resource
    element: Path = ("NotResource" if resource.inverted else "Resource",)
    texts = [(element, value, resource.inverted) for value in resource.values]
    for line in subject.statement.conditions:
        negated = line.operator != "Null" and OPERATORS[line.operator].negated
        texts += [(_element(line), value, negated) for value in line.values]
    for element, value, negated in texts:
        for match in VARIABLE.finditer(value):
            if match[1] not in ("*", "?", "$"):
                yield element, match[1], negated


def _unknown_variable(subject: _Subject) -> Problems:
    for element, variable, _ in _variables(subject):
        if subject.reference.key_type(variable.partition(",")[0].strip()) is None:
            yield element, f"${{{variable}}} is no context key: it never has a value, and the statement never matches"


def _variable_of_several(subject: _Subject) -> Problems:
    for element, variable, _ in _variables(subject):
        if (subject.reference.key_type(variable.partition(",")[0].strip()) or "").startswith("ArrayOf"):
            yield element, f"${{{variable}}} can have several values; a variable takes one"


def _negated_variable(subject: _Subject) -> Problems:
    """Find negations that hold of every request without the variable's key, which authors seldom think of.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value
    """
    for element, variable, negated in _variables(subject):
        if negated and "," not in variable:
            yield element, f"${{{variable}}} in a negation, which holds of every request that has no {variable.strip()}"


def _element(line: Condition) -> Path:
    operator = f"{line.quantifier}:{line.operator}" if line.quantifier else line.operator
    return "Condition", f"{operator}{'IfExists' if line.if_exists else ''}", line.key


_UNREADABLE = MeaningRule("unreadable", "write it so that AWS and its readers understand the same", lambda _: iter(()))
_WITHOUT_THE_KEY = "say what that means: give it a default, ${key, 'none'}, or ask about the key with Null as well"

RULES = (
    MeaningRule("unknown-action", "write the action as AWS's reference has it", _unknown_action),
    MeaningRule("not-under-rcps", "leave the service to an SCP or to the resource's own policy", _not_under_rcps),
    MeaningRule(
        "action-without-resource", "name a resource of the action, or move the action", _action_without_its_resource
    ),
    MeaningRule(
        "resource-without-action", "take the resource out, or name the action that is meant", _resource_without_action
    ),
    MeaningRule("type-pattern", "name the type, or let one * stand for type and name", _type_by_wildcard),
    MeaningRule("account-pattern", "write the account's twelve digits, or *", _account_half_written),
    MeaningRule("unknown-key", "write the key as AWS's reference has it", _unknown_key),
    MeaningRule(
        "key-of-other-actions", "take the condition out, or move the action that has the key", _key_of_other_actions
    ),
    MeaningRule("wrong-operator", "use an operator for the key's type", _wrong_operator),
    MeaningRule("several-values", "use ForAllValues or ForAnyValue", _several_values),
    MeaningRule("one-value", "leave ForAllValues or ForAnyValue out", _one_value),
    MeaningRule("set-if-exists", "leave IfExists out and say with Null what a missing key means", _set_if_exists),
    MeaningRule("all-of-nothing", "demand the key as well: Null: false", _all_of_nothing),
    MeaningRule("contradiction", "take one of the conditions out, or write two statements", _contradictory),
    MeaningRule("literal-wildcard", "use the Like operator, or ${*} for the character", _wildcard_taken_literally),
    MeaningRule("no-region", "write the Region's name, or use the Like operator", _no_region),
    MeaningRule("session-arn", "write the ARN of the role", _session_as_principal_arn),
    MeaningRule("unknown-variable", "fill the placeholder, or name a context key", _unknown_variable),
    MeaningRule("variable-of-several", "use a key of one value", _variable_of_several),
    MeaningRule("negated-variable", _WITHOUT_THE_KEY, _negated_variable, "warning"),
)
