"""Every caller: roles, users, root users, services, and those without a signature; of every account, of every name."""

import string
from collections.abc import Iterator

from tableguard.policy.conditions import Condition
from tableguard.policy.principals import ANONYMOUS, Principal, mentioned, principal
from tableguard.prove.engine.automaton import TWELVE_DIGITS, Pattern, Token, Universe, classes, exactly, word
from tableguard.prove.engine.dimension import Dimension, Option, distinct, judged
from tableguard.prove.engine.question import Play, Scope
from tableguard.prove.engine.string_patterns import patterns
from tableguard.prove.engine.unproved import NotProvedError

KEYS = frozenset(
    (
        "aws:principalarn",
        "aws:principalaccount",
        "aws:principaltype",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:principalorgid",
    )
)
TIED = frozenset(("aws:username", "aws:userid", "aws:principalservicenameslist"))

_OTHER_ORGANIZATION = "o-otherorgid1"
OTHER_ACCOUNT = "444455556666"
_NAME = string.ascii_letters + string.digits + "+=,.@_-"
_ACCOUNTS = (*exactly("arn:aws:iam::"), *TWELVE_DIGITS, *exactly(":"))
_PATH_AND_NAME = (Token(frozenset(_NAME + "/"), inverted=False, repeats=True), Token(frozenset(_NAME), inverted=False))
_UNIVERSES = (
    Universe((*_ACCOUNTS, *exactly("role/"), *_PATH_AND_NAME)),
    Universe((*_ACCOUNTS, *exactly("user/"), *_PATH_AND_NAME)),
    Universe((*_ACCOUNTS, *exactly("root"))),
)
_ORGANIZATIONS = Universe((*exactly("o-"), *word(string.ascii_lowercase + string.digits)))
_LINKED = "arn:aws:iam::*:role/aws-service-role/*"
# examples that read as names do, where their class has no name of its own
_EXAMPLES = ("role/Admin", "user/mina")


def dimension(scope: Scope, play: Play) -> Dimension:
    """The classes of callers that the statements in play tell apart."""
    lines = play.lines_on(KEYS)
    if any("${" in value for _, line in lines for value in line.values):
        raise NotProvedError("a variable in the value that a caller's key is compared with")
    options = (
        _option(scope, play, lines, caller, organization)
        for caller in _callers(scope, play, lines)
        for organization in _organizations(scope, caller, lines)
    )
    selecting = sum(1 << n for n, each in enumerate(play.placed) if each.statement.principals is not None)
    return Dimension(distinct(options), sum({bit for bit, _ in lines}) | selecting)


def _option(
    scope: Scope, play: Play, lines: tuple[tuple[int, Condition], ...], caller: Principal, organization: str
) -> Option:
    context = {**caller.context(), **({"aws:principalorgid": (organization,)} if organization else {})}
    passes, undefined = judged(lines, context)
    mentions = []
    for n, each in enumerate(play.placed):
        if each.statement.principals is not None:
            mention = mentioned(each.statement.principals, caller)
            mentions.append(mention)
            passes &= ~(0 if mention else 1 << n)
    # whether the caller is of the organization decides whether SCPs bind it
    ours = organization == scope.estate.organization_id and any(each.layer == "scp" for each in play.placed)
    mark = (caller.kind, caller.service_linked, caller.account, ours, tuple(mentions))
    return Option(passes, undefined, mark, (caller, organization))


def _callers(scope: Scope, play: Play, lines: tuple[tuple[int, Condition], ...]) -> Iterator[Principal]:
    if isinstance(scope.callers, tuple):
        yield from (principal(arn) for arn in scope.callers)
        return
    estate = scope.estate
    accounts = (estate.account,) if scope.callers == "account" else known_accounts(scope, play)
    arns = [f"arn:aws:iam::{account}:{name}" for account in accounts for name in _EXAMPLES]
    told_apart = _patterns(scope, play, lines)
    arns += [arn for universe in _UNIVERSES for _, arn in classes(universe, told_apart)]
    for arn in arns:
        caller = principal(arn)
        if _is_asked(scope, caller):
            yield caller
            yield from (Principal("role", arn, caller.account, session) for session in _sessions(play, caller))
    if scope.callers == "anyone":
        yield ANONYMOUS
        for service in sorted({"example.amazonaws.com", *_services(play, lines)}):
            yield principal(service)
        for issuer in sorted({*_named(play, "Federated")} - {"*"}):
            yield principal(issuer)


def _is_asked(scope: Scope, caller: Principal) -> bool:
    if scope.callers == "anyone":
        return True
    if caller.service_linked or caller.account == scope.estate.management_account:
        return False
    return scope.callers == "members" or (caller.account == scope.estate.account and caller.kind != "root")


def _patterns(scope: Scope, play: Play, lines: tuple[tuple[int, Condition], ...]) -> tuple[Pattern, ...]:
    """All that statements, and the evaluation itself, tell callers apart by."""
    accounts = {scope.estate.management_account, *known_accounts(scope, play)}
    accounts |= {pattern.text for pattern in patterns(lines, "aws:principalaccount")}
    found = {Pattern("like an ARN", _LINKED), *patterns(lines, "aws:principalarn")}
    for value in _named(play, "AWS"):
        if value.isdigit():
            accounts.add(value)
        elif value != "*":
            found.add(Pattern("exactly", principal(value).arn))
    return tuple(sorted({*found, *(Pattern("like an ARN", f"arn:aws:iam::{account}:*") for account in accounts)}))


def _named(play: Play, kind: str) -> Iterator[str]:
    """The values of one type in all Principal elements."""
    for each in play.placed:
        if each.statement.principals is not None:
            yield from each.statement.principals.values.get(kind, ())


def known_accounts(scope: Scope, play: Play) -> tuple[str, ...]:
    """The workload's account, another one, and every account that a statement in play speaks of."""
    return tuple(dict.fromkeys((scope.estate.account, OTHER_ACCOUNT, *play.accounts)))


def _sessions(play: Play, caller: Principal) -> Iterator[str]:
    """The names of sessions of a role that a Principal element singles out."""
    for value in _named(play, "AWS"):
        if ":assumed-role/" in value and principal(value).arn == caller.arn:
            yield principal(value).session


def _services(play: Play, lines: tuple[tuple[int, Condition], ...]) -> Iterator[str]:
    yield from _named(play, "Service")
    for pattern in patterns(lines, "aws:principalservicename"):
        yield pattern.text.replace("*", "x").replace("?", "x")


def _organizations(scope: Scope, caller: Principal, lines: tuple[tuple[int, Condition], ...]) -> tuple[str, ...]:
    """The organizations that a caller may be of; none for services and callers without a signature."""
    estate = scope.estate
    if caller.kind in ("service", "anonymous", "federated"):
        return ("",)
    if caller.account in (estate.account, estate.management_account) or scope.callers == "members":
        return (estate.organization_id,)
    others = [text for _, text in classes(_ORGANIZATIONS, patterns(lines, "aws:principalorgid"))]
    return ("", _OTHER_ORGANIZATION, estate.organization_id, *others)
