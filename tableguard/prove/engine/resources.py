"""The classes of resources that statements tell apart: ARNs of every service, account and name, and no resource."""

import string
from collections.abc import Iterable, Iterator
from functools import lru_cache

from tableguard.aws.arn import components, parse
from tableguard.errors import PolicyError
from tableguard.policy.matching import wildcard
from tableguard.policy.worlds import Scope
from tableguard.prove.engine.automaton import ANY_TEXT, TWELVE_DIGITS, Pattern, Token, Universe, classes, exactly, word
from tableguard.prove.engine.callers import known_accounts, organizations
from tableguard.prove.engine.dimension import Dimension, Option, distinct, judged
from tableguard.prove.engine.question import ApplicableStatements
from tableguard.prove.engine.statement_set import EVERY, NONE, Lines, StatementSet, all_but, first, only, union, where
from tableguard.prove.engine.string_patterns import patterns as compared
from tableguard.prove.engine.unproved import NotProvedError

KEYS = frozenset(("aws:resourceaccount", "aws:resourceorgid"))

MOST_RESOURCES = 20_000
_LOWER = string.ascii_lowercase + string.digits + "-"
_LETTERS = Token(frozenset(string.ascii_letters), inverted=False)
_WORD = frozenset(string.ascii_letters + string.digits + "-")
_ACCOUNT = 4  # the place of the account among an ARN's six components
_DIGITS = Universe(TWELVE_DIGITS)
# the six components of an ARN; prefix lists and managed policies are in the account `aws`, other resources of AWS's own
# in `amazon`, `cloudfront` or the like
_UNIVERSES: tuple[tuple[Universe, ...], ...] = (
    (Universe(exactly("arn")),),
    (Universe(exactly("aws")),),
    (Universe(word(_LOWER)),),
    (Universe((Token(frozenset(_LOWER), inverted=False, repeats=True),)),),
    (_DIGITS, Universe(()), Universe((_LETTERS, Token(_WORD, inverted=False, repeats=True)))),
    (ANY_TEXT,),
)


def dimension(scope: Scope, applicable: ApplicableStatements, service: str) -> Dimension:
    """Return the classes of resources that the applicable statements tell apart."""
    for layered in applicable.statements:
        if layered.statement.resource.has_variables:
            sid = layered.statement.sid or "(no Sid)"
            raise NotProvedError(f"statement {sid}: a variable in Resource ties it to the caller or a key")
    lines = applicable.lines_on(KEYS)
    preferred = ((), (), (service,), (scope.estate.home_region,), (*known_accounts(scope, applicable), "aws"), ())
    arns = ["*", *_arns(_patterns(applicable), preferred)]
    options = (
        option
        for arn in arns
        for account in _accounts(arn, known_accounts(scope, applicable), lines)
        for option in _options(scope, applicable, lines, arn, account)
    )
    selecting = where(layered.statement.resource.texts != ("*",) for layered in applicable.statements)
    return Dimension(distinct(options), selecting | union(statement for statement, _ in lines))


def _options(scope: Scope, applicable: ApplicableStatements, lines: Lines, arn: str, account: str) -> Iterator[Option]:
    """Yield the classes of an ARN in an account: the organizations that this may be in, with their key and without.

    Even of a member account AWS does not send aws:ResourceOrgID with every action:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceorgid
    """
    covering, unclear = _covering(applicable, arn)
    under_rcps = any(layered.layer == "rcp" for layered in applicable.statements)
    compared_key = any(line.key == "aws:resourceorgid" for _, line in lines)
    for organization in organizations(scope, account, lines, "aws:resourceorgid"):
        with_key = [{"aws:resourceorgid": (organization,)}] if organization else []
        for keys in (*with_key, {}) if compared_key else with_key or [{}]:
            passes, undefined = judged(lines, {"aws:resourceaccount": (account,), **keys})
            parties = (account, under_rcps and organization == scope.estate.organization_id)
            ours = organization == scope.estate.organization_id and not compared_key
            yield Option(
                passes & covering, undefined | unclear, parties, (arn, account, organization, {} if ours else keys)
            )


def _covering(applicable: ApplicableStatements, arn: str) -> tuple[StatementSet, StatementSet]:
    """Return the statements that cover a resource or leave that undefined, and those that leave it undefined."""
    passes, undefined = EVERY, NONE
    for n, layered in enumerate(applicable.statements):
        try:
            covered = layered.statement.covers_resource(arn, {})
        except PolicyError:
            undefined |= only(n)
        else:
            if not covered:
                passes &= all_but(n)
    return passes, undefined


def _patterns(applicable: ApplicableStatements) -> tuple[str, ...]:
    values = (value for layered in applicable.statements for value in layered.statement.resource.texts)
    return tuple(sorted({value for value in values if value != "*"}))


def _arns(patterns: tuple[str, ...], preferred: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield one ARN of each class: component by component, as AWS compares them.

    A set of patterns that an ARN still fits is kept as bits, as a set of statements is.
    """
    parts = [components(pattern) or () for pattern in patterns]
    begun: dict[tuple[int, str], tuple[str, ...]] = {(first(len(patterns)), ""): ()}
    for n, (universes, names) in enumerate(zip(_UNIVERSES, preferred, strict=True)):
        choices = _components(tuple(part[n] for part in parts), universes, names)
        longer: dict[tuple[int, str], tuple[str, ...]] = {}
        for (fitting, account), texts in begun.items():
            for fitted, text in choices:
                longer.setdefault((fitting & fitted, text if n == _ACCOUNT else account), (*texts, text))
        if len(longer) > MOST_RESOURCES:
            raise NotProvedError(f"more than {MOST_RESOURCES} classes of resources")
        begun = longer
    return (":".join(texts) for texts in begun.values())


@lru_cache(maxsize=4096)
def _components(
    patterns: tuple[str, ...], universes: tuple[Universe, ...], preferred: tuple[str, ...]
) -> list[tuple[int, str]]:
    """Return the classes of one component: the ARN patterns that it fits, with a text for each."""
    different = tuple(dict.fromkeys(patterns))
    tests = [wildcard(pattern) for pattern in different]
    readable = [(where(test(text) for test in tests), text) for text in preferred]
    compared_texts = tuple(Pattern("like", text) for text in different)
    shortest = [entry for universe in universes for entry in classes(universe, compared_texts)]
    # a readable text stands for its class, but an empty one never for one that is not
    covered = {(covering, len(text) > 0) for covering, text in readable}
    kept = [*readable, *((covering, text) for covering, text in shortest if (covering, len(text) > 0) not in covered)]
    places = [different.index(pattern) for pattern in patterns]
    fitted = {covering: where(covering & only(place) for place in places) for covering, _ in kept}
    return [(fitted[covering], text) for covering, text in kept]


def _accounts(arn: str, named: tuple[str, ...], lines: Lines) -> tuple[str, ...]:
    """Return the accounts that a resource may be in: its ARN's, or any where that does not tell."""
    parts = parse(arn)
    if parts and parts.account.isdigit():
        return (parts.account,)
    others = (text for _, text in classes(_DIGITS, compared(lines, "aws:resourceaccount")))
    return tuple(dict.fromkeys((*named, *others)))
