"""The classes of callers that statements tell apart, of every account and of every name.

They are roles, users, federated users, root users, services, and callers without a signature. The sessions of a role
are the role, whoever took it and how: with a token of a web identity or of SAML, by IAM Identity Center, as a service.
"""

import string
from collections.abc import Iterator
from functools import cache, partial
from itertools import count

from tableguard.aws.arn import components
from tableguard.policy.matching import Values
from tableguard.policy.principals import ANONYMOUS, Principal, mentioned, principal
from tableguard.policy.worlds import Scope
from tableguard.prove.engine.automaton import TWELVE_DIGITS, Pattern, Token, Tokens, Universe, classes, exactly, word
from tableguard.prove.engine.dimension import Option, RequestPart, judged
from tableguard.prove.engine.dominance.texts import classes_of, groups
from tableguard.prove.engine.links import caller_keys, joint, templates
from tableguard.prove.engine.links.caller_keys import Comparisons
from tableguard.prove.engine.links.joint import Apart, Side
from tableguard.prove.engine.question import ApplicableStatements
from tableguard.prove.engine.statement_set import Lines, StatementSet, all_but, only, union
from tableguard.prove.engine.string_patterns import patterns

KEYS = frozenset(
    (
        "aws:principalarn",
        "aws:principalaccount",
        "aws:principaltype",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:principalorgid",
        "aws:principalservicenameslist",
        "aws:userid",
        "aws:username",
    )
)

OTHER_ORGANIZATION = "o-otherorgid1"
OTHER_ACCOUNT = "444455556666"
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html: paths take every character from ! to DEL.
# Names take fewer, but AWS has roles of its own whose names have a colon, such as aws:ec2-infrastructure.
_PRINTABLE = frozenset(map(chr, range(0x21, 0x80)))
_PATH_AND_NAME = (Token(_PRINTABLE, inverted=False, repeats=True), Token(_PRINTABLE - {"/"}, inverted=False))
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html: [\w+=,.@-]*
_FEDERATED_NAME = word(string.ascii_letters + string.digits + "+=,.@_-")
_ORGANIZATIONS = Universe((*exactly("o-"), *word(string.ascii_lowercase + string.digits)))
_LINKED = "arn:*:iam::*:role/aws-service-role/*"
# examples that read as names do, where their class has no name of its own
_EXAMPLES = ("iam::{}:role/Admin", "iam::{}:user/mina", "sts::{}:federated-user/mina")


def side(scope: Scope, applicable: ApplicableStatements) -> Side:
    """Return the callers of requests, with the classes that the applicable statements tell apart."""
    lines = applicable.lines_on(KEYS)
    selecting = union(only(n) for n, _ in applicable.naming)
    return Side(
        keys=KEYS,
        needs=joint.needs(lines),
        concerned=selecting | union(statement for statement, _ in lines),
        options=partial(_options, scope, applicable),
        compared=partial(_compared, lines),
    )


def _compared(lines: Lines, context: Values) -> Iterator[templates.Compared]:
    kept = joint.filled(lines, context, keep=True)
    yield from (templates.compared(key, kept) for key in sorted({line.key for _, line in lines}))


def _options(scope: Scope, applicable: ApplicableStatements, context: Values, apart: Apart) -> Iterator[Option]:
    """Yield the classes of callers where other keys have these values."""
    written = applicable.lines_on(KEYS)
    aim = None if context or apart or joint.needs(written) else applicable.aim
    comparisons = Comparisons(joint.filled(written, context), apart, aim)
    under_scps = "scp" in applicable.layers
    matters = under_scps or comparisons.mention("aws:principalorgid")
    for caller in _callers(scope, applicable, comparisons):
        for organization in _organizations(scope, caller, comparisons)[: None if matters else 1]:
            for further in caller_keys.options(caller, comparisons):
                own = {**({"aws:principalorgid": (organization,)} if organization else {}), **further}
                judgement = judged(written, {**context, **caller.context(), **own})
                yield _option(scope, applicable, RequestPart(caller, context=own), *judgement)


def _option(
    scope: Scope, applicable: ApplicableStatements, example: RequestPart, passes: StatementSet, undefined: StatementSet
) -> Option:
    caller = example.caller or ANONYMOUS
    mentions = []
    for n, principals in applicable.naming:
        mention = mentioned(principals, caller)
        mentions.append(mention)
        if mention is None:
            passes &= all_but(n)
    # SCPs bind only callers of the organization
    ours = "scp" in applicable.layers and example.context.get("aws:principalorgid") == (scope.estate.organization_id,)
    parties = (caller.of_account, caller.has_own_policies, caller.service_linked, caller.account, ours, tuple(mentions))
    return Option(passes, undefined, parties, example)


def _callers(scope: Scope, applicable: ApplicableStatements, comparisons: Comparisons) -> Iterator[Principal]:
    if isinstance(scope.callers, tuple):
        for arn in scope.callers:
            yield principal(arn)
            yield from _sessions(applicable, arn)
        return
    for arn in _arns(scope, applicable, comparisons):
        caller = principal(arn)
        if _is_in_group(scope, caller):
            yield caller
            yield from _sessions(applicable, arn)
    if scope.callers == "anyone":
        yield ANONYMOUS
        for service in sorted({"example.amazonaws.com", *_services(applicable, comparisons)}):
            yield principal(service)
        for issuer in sorted({*_principal_values(applicable, "Federated")} - {"*"}):
            yield principal(issuer)


def _arns(scope: Scope, applicable: ApplicableStatements, comparisons: Comparisons) -> Iterator[str]:
    """Yield the ARNs of the principals of accounts: readable ones first, then the shortest of each class."""
    accounts = (scope.estate.account,) if scope.callers == "account" else known_accounts(scope, applicable)
    partition = scope.estate.partition
    for account in accounts:
        yield from (f"arn:{partition}:{example.format(account)}" for example in _EXAMPLES)
    lines, aim = comparisons.lines, comparisons.aim
    told_apart = tuple(_told_apart(scope, applicable, lines))
    parts = tuple(caller_keys.within_arns(comparisons))
    for universe in universes(partition):
        if parts:
            yield from (
                arn for _, arn in classes(universe, (*patterns(lines, "aws:principalarn"), *told_apart, *parts))
            )
        else:
            grouped = groups(lines, "aws:principalarn", aim, told_apart)
            yield from (arn for _, arn in classes_of(universe, grouped, None if aim is None else aim.gaps))


@cache
def universes(partition: str) -> tuple[Universe, ...]:
    """Return the ARNs that roles, users, root users and federated users of a partition can have."""
    of_accounts = (*exactly(f"arn:{partition}:iam::"), *TWELVE_DIGITS, *exactly(":"))
    of_sessions = (*exactly(f"arn:{partition}:sts::"), *TWELVE_DIGITS, *exactly(":federated-user/"))
    return (
        Universe((*of_accounts, *exactly("role/"), *_PATH_AND_NAME)),
        Universe((*of_accounts, *exactly("user/"), *_PATH_AND_NAME)),
        Universe((*of_accounts, *exactly("root"))),
        Universe((*of_sessions, *_FEDERATED_NAME)),
    )


def _is_in_group(scope: Scope, caller: Principal) -> bool:
    if scope.callers == "anyone":
        return True
    if caller.service_linked or caller.account == scope.estate.management_account:
        return False
    if scope.callers == "members" and scope.estate.organization_id:
        return True
    return caller.account == scope.estate.account and (caller.kind != "root" or scope.callers == "members")


def _told_apart(scope: Scope, applicable: ApplicableStatements, lines: Lines) -> Iterator[Pattern]:
    """Yield the patterns by which the evaluation, Principal elements and conditions on accounts tell callers apart."""
    accounts = {scope.estate.management_account, *known_accounts(scope, applicable)}
    accounts |= {pattern.text for pattern in patterns(lines, "aws:principalaccount")}
    yield Pattern("like an ARN", _LINKED)
    for value in _principal_values(applicable, "AWS"):
        if value.isdigit():
            accounts.add(value)
        elif value != "*":
            yield Pattern("exactly", principal(value).arn)
    yield from (Pattern("like an ARN", f"arn:*:*::{account}:*") for account in accounts)


def _principal_values(applicable: ApplicableStatements, kind: str) -> Iterator[str]:
    """Yield the values of one type in all Principal elements."""
    for layered in applicable.statements:
        if layered.statement.principals is not None:
            yield from layered.statement.principals.values.get(kind, ())


def known_accounts(scope: Scope, applicable: ApplicableStatements) -> tuple[str, ...]:
    """Return the accounts of workload and management, another one, and all that a statement or the callers name."""
    estate = scope.estate
    callers = scope.callers if isinstance(scope.callers, tuple) else ()
    of_callers = (account for arn in callers if (account := principal(arn).account))
    named = dict.fromkeys(
        filter(None, (estate.account, estate.management_account, *estate.members, *of_callers, *applicable.accounts))
    )
    another = next(account for account in map(str, count(int(OTHER_ACCOUNT), 111_111_111)) if account not in named)
    return tuple(dict.fromkeys((estate.account, another, *named)))


def tells_accounts_apart(applicable: ApplicableStatements) -> bool:
    """Return True if a wildcard covers some accounts of callers and not others, so that each class has its own."""
    for pattern in patterns(applicable.lines, "aws:principalaccount"):
        if pattern.text != "*" and set("*?") & set(pattern.text):
            return True
    arns = (components(pattern.text) for pattern in patterns(applicable.lines, "aws:principalarn"))
    return any(parts is None or (parts[4] != "*" and bool(set("*?") & set(parts[4]))) for parts in arns)


def _sessions(applicable: ApplicableStatements, arn: str) -> Iterator[Principal]:
    """Yield the sessions of a role that a Principal element singles out; none of an ARN that is a session's own."""
    for value in _principal_values(applicable, "AWS"):
        if ":assumed-role/" in value and principal(value).arn == arn:
            yield principal(value)


def _services(applicable: ApplicableStatements, comparisons: Comparisons) -> Iterator[str]:
    yield from _principal_values(applicable, "Service")
    yield from caller_keys.services(comparisons)


def _organizations(scope: Scope, caller: Principal, comparisons: Comparisons) -> tuple[str, ...]:
    """Return the organizations that a caller may be of; none for services and callers without a signature."""
    if not caller.of_account:
        return ("",)
    if scope.callers == "members":
        return (scope.estate.organization_id,)
    return organizations(scope, caller.account, comparisons.of("aws:principalorgid"))


def organizations(scope: Scope, account: str, told_apart: tuple[Pattern | Tokens, ...]) -> tuple[str, ...]:
    """Return the organizations that an account may be in, an empty text for none, told apart by these patterns."""
    estate = scope.estate
    if account in (estate.account, estate.management_account, *estate.members):
        return (estate.organization_id,)
    others = [text for _, text in classes(_ORGANIZATIONS, told_apart)]
    return ("", OTHER_ORGANIZATION, estate.organization_id, *others)
