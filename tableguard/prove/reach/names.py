"""The names that roles and users may have: one of each class that statements tell apart.

An attacker chooses the names of what he makes, and an account has roles that nobody wrote down. What a guardrail says
about a principal depends on which patterns its ARN fits, so one ARN for each combination of patterns stands for all.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from tableguard.aws.arn import components
from tableguard.policy.evaluate import World
from tableguard.policy.matching import arn_matches, wildcard
from tableguard.policy.statements import Policy, Statement
from tableguard.prove.engine.automaton import Pattern, Universe, classes, exactly, word
from tableguard.prove.engine.question import statements_of

# names have few characters, paths every one from ! to DEL
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
_NAME = word("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+=,.@_-")
_PATH = (*word("".join(map(chr, range(0x21, 0x80)))), *exactly("/"))
_WAYS_TO_BE_CALLED = (_NAME, (*_PATH, *_NAME))
# paths that nobody but AWS makes roles under
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-friendly-names
RESERVED = ("role/aws-reserved/*", "role/aws-service-role/*")


def is_reserved(arn: str) -> bool:
    """Return True for a role that only AWS can make: of IAM Identity Center, or linked to a service."""
    return any(arn_matches(f"arn:*:iam::*:{path}", arn) for path in RESERVED)


def representatives(prefix: str, world: World, others: Iterable[Policy], readable: Iterable[str]) -> list[str]:
    """Return an ARN of each class of roles and users of an account, a readable one where its class has one.

    `prefix` is that of the account's ARNs of IAM, up to its last colon.
    """
    account = prefix.split(":")[4]
    statements = [layered.statement for layered in statements_of(world)]
    statements += [statement for policy in others for statement in policy.statements]
    patterns = sorted({pattern for statement in statements for pattern in _patterns(statement, account)})
    examples = {(_kind(arn), *_fitting(arn, patterns)): arn for arn in reversed(list(readable))}
    reserved = [Pattern("like an ARN", f"{prefix}{path}") for path in RESERVED]
    by_class: dict[tuple[str, tuple[bool, ...]], str] = {}
    for kind in ("role", "user"):
        for arn in _called(f"{prefix}{kind}/", [*patterns, *reserved]):
            key = (kind, (*_fitting(arn, patterns), is_reserved(arn)))
            example = examples.get((kind, *_fitting(arn, patterns)), arn)
            usable = is_reserved(example) == is_reserved(arn)
            by_class.setdefault(key, example if usable else arn)
    return list(by_class.values())


def _called(prefix: str, patterns: Iterable[Pattern]) -> Iterator[str]:
    """Yield the shortest ARN of each combination of patterns, without a path and with one."""
    told_apart = tuple(patterns)
    for way in _WAYS_TO_BE_CALLED:
        yield from (arn for _, arn in classes(Universe((*exactly(prefix), *way)), told_apart))


def _kind(arn: str) -> str:
    return arn.split(":", 5)[5].partition("/")[0]


def _fitting(arn: str, patterns: list[Pattern]) -> tuple[bool, ...]:
    return tuple(_fits(arn, pattern) for pattern in patterns)


def _fits(arn: str, pattern: Pattern) -> bool:
    match pattern.kind:
        case "like an ARN":
            return arn_matches(pattern.text, arn)
        case "like":
            return bool(wildcard(pattern.text)(arn))
        case "exactly":
            return arn == pattern.text
        case "in any case":
            return arn.lower() == pattern.text.lower()


def _patterns(statement: Statement, account: str) -> Iterator[Pattern]:
    """Yield the patterns of a statement that tell principals apart: as callers, as resources, and as those it names."""
    for line in statement.conditions:
        if line.key == "aws:principalarn":
            texts = (value.replace("${aws:PrincipalAccount}", account) for value in line.values)
            yield from (Pattern(_way_to_compare(line.operator), text) for text in texts if "${" not in text)
    named = statement.principals.values.get("AWS", ()) if statement.principals is not None else ()
    for arn in (*statement.resource.values, *named):
        if _of_principals(arn):
            yield Pattern("like an ARN", arn)


def _way_to_compare(operator: str) -> Literal["exactly", "in any case", "like", "like an ARN"]:
    """Return how an operator of conditions compares texts."""
    if operator.startswith("Arn"):
        return "like an ARN"
    if "IgnoreCase" in operator:
        return "in any case"
    return "like" if operator.endswith("Like") else "exactly"


def _of_principals(arn: str) -> bool:
    """Return True if an ARN with wildcards may be one of a role or user."""
    parts = components(arn)
    if parts is None or "${" in arn or not wildcard(parts[2])("iam"):
        return False
    kind = wildcard(parts[5].partition("/")[0])
    return any(kind(principal) for principal in ("role", "user"))
