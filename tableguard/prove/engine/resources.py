"""The classes of resources that statements tell apart: ARNs of every service, account and name, and no resource."""

import string
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from itertools import islice
from typing import NamedTuple

from tableguard.aws.arn import components, parse
from tableguard.errors import PolicyError
from tableguard.policy.matching import Values, wildcard
from tableguard.policy.statements import Patterns
from tableguard.policy.worlds import Scope
from tableguard.prove.engine.automaton import (
    ANY_TEXT,
    TWELVE_DIGITS,
    Pattern,
    Token,
    Tokens,
    Universe,
    classes,
    exactly,
    word,
)
from tableguard.prove.engine.callers import known_accounts, organizations, tells_accounts_apart
from tableguard.prove.engine.dimension import Option, RequestPart, Resource, judged
from tableguard.prove.engine.dominance.aim import Aim, best
from tableguard.prove.engine.dominance.texts import Better, PatternGroup, PatternGroups, all_in_all, better, classes_of
from tableguard.prove.engine.links import joint, templates
from tableguard.prove.engine.links.joint import Apart, Side
from tableguard.prove.engine.question import ApplicableStatements
from tableguard.prove.engine.statement_set import EVERY, NONE, Lines, StatementSet, all_but, first, only, union, where
from tableguard.prove.engine.string_patterns import patterns as compared
from tableguard.prove.engine.string_patterns import variables_in
from tableguard.prove.engine.unproved import NotProvedError

KEYS = frozenset(("aws:resourceaccount", "aws:resourceorgid"))

MOST_RESOURCES = 20_000
FEW_RESOURCES = 1_000  # up to here the beginnings of ARNs are not compared with each other
_LOWER = string.ascii_lowercase + string.digits + "-"
_LETTERS = Token(frozenset(string.ascii_letters), inverted=False)
_WORD = frozenset(string.ascii_letters + string.digits + "-")
_ACCOUNT = 4  # the place of the account among an ARN's six components
_DIGITS = Universe(TWELVE_DIGITS)
# four of the six components of an ARN; prefix lists and managed policies are in the account `aws`, other resources of
# AWS's own in `amazon`, `cloudfront` or the like
_BEHIND_THE_PARTITION: tuple[tuple[Universe, ...], ...] = (
    (Universe(word(_LOWER)),),
    (Universe((Token(frozenset(_LOWER), inverted=False, repeats=True),)),),
    (_DIGITS, Universe(()), Universe((_LETTERS, Token(_WORD, inverted=False, repeats=True)))),
    (ANY_TEXT,),
)


class _Circumstances(NamedTuple):
    """What resources depend on: scope, statements, the values of other keys, and what is told apart for other keys."""

    scope: Scope
    applicable: ApplicableStatements
    context: Values
    apart: Apart

    @property
    def aim(self) -> Aim | None:
        """What a counterexample needs; None where other keys are compared, so that every class may matter."""
        tied = self.context or self.apart or _needs(self.applicable)
        return None if tied else self.applicable.aim

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that are looked at by name: the caller's too, where the resource is compared with it.

        To members the management account is one of others, unless an RCP or a name tells it from these.
        """
        of_caller = (account for account in self.context.get("aws:principalaccount", ()) if account.isdigit())
        accounts = dict.fromkeys((*known_accounts(self.scope, self.applicable), *of_caller))
        management = self.scope.estate.management_account
        if self.scope.callers in ("members", "account") and not (
            self.under_rcps or management in self.applicable.accounts
        ):
            accounts.pop(management, None)
        return tuple(accounts)

    @property
    def under_rcps(self) -> bool:
        """True if a statement of an RCP applies."""
        return "rcp" in self.applicable.layers

    @property
    def lines(self) -> Lines:
        """The conditions on keys of resources."""
        return self.applicable.lines_on(KEYS)


def side(scope: Scope, applicable: ApplicableStatements, service: str) -> Side:
    """Return the resources of requests, with the classes that the applicable statements tell apart."""
    selecting = where(layered.statement.resource.texts != ("*",) for layered in applicable.statements)
    return Side(
        keys=KEYS,
        needs=_needs(applicable),
        concerned=selecting | union(statement for statement, _ in applicable.lines_on(KEYS)),
        options=lambda context, apart: _options(_Circumstances(scope, applicable, context, apart), service),
        compared=partial(_compared, applicable),
    )


def _needs(applicable: ApplicableStatements) -> frozenset[str]:
    in_resources = frozenset(key for text in _texts(applicable) for key in variables_in(text))
    # the accounts of callers that only a wildcard covers are looked at as the resource's too
    of_caller = frozenset(("aws:principalaccount",)) if tells_accounts_apart(applicable) else frozenset()
    return in_resources | of_caller | joint.needs(applicable.lines_on(KEYS))


def _texts(applicable: ApplicableStatements) -> tuple[str, ...]:
    return tuple(value for layered in applicable.statements for value in layered.statement.resource.texts)


def _compared(applicable: ApplicableStatements, context: Values) -> Iterator[templates.Compared]:
    lines = joint.filled(applicable.lines_on(KEYS), context, keep=True)
    yield from (templates.compared(key, lines) for key in sorted({line.key for _, line in lines}))
    names = [(components(text) or ("",))[-1] for text in joint.filled_texts(_texts(applicable), context, keep=True)]
    others = templates.like(name for name in names if not variables_in(name))
    yield templates.Compared("", tuple(name for name in names if variables_in(name)), tuple(others))


def _options(circumstances: _Circumstances, service: str) -> Iterator[Option]:
    """Yield each ARN in each account and organization that it may be in, with the statements it does not rule out."""
    scope, applicable, context, apart = circumstances
    _refuse_wildcards(apart)
    named, aim, lines = circumstances.accounts, circumstances.aim, joint.filled(circumstances.lines, context)
    preferred = ((), (), (service,), (scope.estate.home_region,), (*named, "aws"), ())
    arns = _arns(_rows(applicable, aim, context), scope.estate.partition, preferred, aimed=aim is not None)
    if aim is not None:
        aim.gaps.extend(arns.gaps)
    of_account: dict[str, tuple[Option, ...]] = {}
    seen = set()
    for arn in ("*", *arns.arns):
        covering, unclear = _covered(applicable, arn, context)
        for account in _accounts(arn, named, lines):
            if (covering, unclear, account) in seen:
                continue
            seen.add((covering, unclear, account))
            if account not in of_account:
                of_account[account] = tuple(_in_account(circumstances, account))
            for one in of_account[account]:
                resource = one.example.resource and Resource(arn, account, one.example.resource.organization)
                example = RequestPart(None, resource, one.example.context)
                yield Option(one.passes & covering, one.undefined | unclear, one.parties, example)


def _refuse_wildcards(apart: Apart) -> None:
    for key, parts in apart.items():
        if any(token.inverted for tokens in parts for token in tokens):
            raise NotProvedError(f"what is compared with ${{{key}}} is compared with wildcards too")


def _in_account(circumstances: _Circumstances, account: str) -> Iterator[Option]:
    """Yield the classes of resources of an account: the organizations that this may be in, with their key and without.

    Even of a member account AWS does not send aws:ResourceOrgID with every action:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceorgid
    """
    scope, context, apart = circumstances.scope, circumstances.context, circumstances.apart
    lines, key = circumstances.lines, "aws:resourceorgid"
    under_rcps = circumstances.under_rcps
    compared_key = key in apart or any(line.key == key for _, line in lines)
    told_apart: tuple[Pattern | Tokens, ...] = (*compared(joint.filled(lines, context), key), *apart.get(key, ()))
    matters = under_rcps or compared_key
    for organization in organizations(scope, account, told_apart) if matters else (scope.estate.organization_id,):
        ours = organization == scope.estate.organization_id
        with_key = [{key: (organization,)}] if organization and (compared_key or not ours) else []
        for keys in (*with_key, {}) if compared_key else with_key or [{}]:
            passes, undefined = judged(lines, {**context, "aws:resourceaccount": (account,), **keys})
            example = RequestPart(resource=Resource("*", account, organization), context=keys)
            yield Option(passes, undefined, (account, under_rcps and ours), example)


def _covered(applicable: ApplicableStatements, arn: str, context: Values) -> tuple[StatementSet, StatementSet]:
    """Return the statements that cover a resource or leave that undefined, and those that leave it undefined."""
    passes, undefined = EVERY, NONE
    for n, test, inverted in applicable.written_out:
        if bool(test(arn)) == inverted:
            passes &= all_but(n)
    for n, statement in applicable.selecting:
        try:
            covered = statement.covers_resource(arn, context)
        except PolicyError:
            undefined |= only(n)
        else:
            if not covered:
                passes &= all_but(n)
    return passes, undefined


class _Row(NamedTuple):
    """A pattern's six components, whose it is, and whether a counterexample had better fit it."""

    parts: tuple[str, ...]
    owners: int  # patterns of the same statements have the same number
    better: Better


class _Arns(NamedTuple):
    arns: tuple[str, ...]
    gaps: tuple[str, ...]


def _rows(applicable: ApplicableStatements, aim: Aim | None, context: Values) -> tuple[_Row, ...]:
    wishes: dict[str, dict[tuple[int, bool], Better]] = {}
    for n, layered in enumerate(applicable.statements):
        resource = layered.statement.resource
        for value in resource.texts:
            inverted = resource.inverted or value in resource.excluded
            for text in joint.filled_texts((value,), context):
                wishes.setdefault(text, {})[n, inverted] = better(only(n), inverted, aim)
    scope = applicable.statements[0].statement.resource
    owners: dict[tuple[tuple[int, bool], ...], int] = {}
    return tuple(
        _Row(
            components(value) or (),
            owners.setdefault(tuple(places), len(owners)),
            (aim and _demanded(scope, value)) or all_in_all(places.values()),
        )
        for value, places in sorted(wishes.items())
        if value != "*"
    )


def _demanded(scope: Patterns, value: str) -> Better | None:
    """Return what every resource of the scope does with a pattern of its own: then nothing else matters about it."""
    if value in scope.excluded or (scope.inverted and value in scope.values):
        return "uncovered"
    return "covered" if scope.values == (value,) else None


@lru_cache(maxsize=1024)
def _arns(rows: tuple[_Row, ...], partition: str, preferred: tuple[tuple[str, ...], ...], aimed: bool) -> _Arns:
    """Return one ARN of each class: component by component, as AWS compares them.

    A set of patterns that an ARN still fits is kept as bits, as a set of statements is.
    """
    gaps: list[str] | None = [] if aimed else None
    begun: dict[tuple[int, str], tuple[str, ...]] = {(first(len(rows)), ""): ()}
    components = ((Universe(exactly("arn")),), (Universe(exactly(partition)),), *_BEHIND_THE_PARTITION)
    for n, (universes, names) in enumerate(zip(components, preferred, strict=True)):
        choices = _components(rows, n, universes, names, gaps)
        longer: dict[tuple[int, str], tuple[str, ...]] = {}
        for (fitting, account), texts in begun.items():
            for fitted, text in choices:
                longer.setdefault((fitting & fitted, text if n == _ACCOUNT else account), (*texts, text))
        begun = _best(rows, longer) if aimed and len(longer) > FEW_RESOURCES else longer
        if len(begun) > MOST_RESOURCES:
            too_many = f"more than {MOST_RESOURCES} classes of resources"
            if gaps is None:
                raise NotProvedError(too_many)
            gaps.append(too_many)
            begun = dict(islice(begun.items(), MOST_RESOURCES))
    return _Arns(tuple(":".join(texts) for texts in begun.values()), tuple(gaps or ()))


def _best(
    rows: tuple[_Row, ...], begun: Mapping[tuple[int, str], tuple[str, ...]]
) -> dict[tuple[int, str], tuple[str, ...]]:
    """Return the beginnings of ARNs that serve a counterexample best, of those with the same account."""
    covered, uncovered, apart = (
        where(row.better == wish for row in rows) for wish in ("covered", "uncovered", "told apart")
    )
    chosen = best(begun, lambda one: (one[0] & uncovered) | (~one[0] & covered), lambda one: (one[0] & apart, one[1]))
    return {one: begun[one] for one in chosen}


def _components(
    rows: tuple[_Row, ...],
    n: int,
    universes: tuple[Universe, ...],
    preferred: tuple[str, ...],
    gaps: list[str] | None,
) -> list[tuple[int, str]]:
    """Return the classes of one component: the rows that it fits, with a text for each."""
    told_apart = _groups(rows, n)
    shortest = [text for universe in universes for _, text in classes_of(universe, told_apart, gaps)]
    # a readable text stands for its class, but an empty one never for one that is not
    covered = {(_covering(told_apart, text), len(text) > 0) for text in preferred}
    others = (text for text in shortest if (_covering(told_apart, text), len(text) > 0) not in covered)
    places: dict[str, int] = {}
    for place, row in enumerate(rows):
        places[row.parts[n]] = places.get(row.parts[n], 0) | only(place)
    different = tuple(places)
    return [(union(places[part] for part in _covering_parts(different, text)), text) for text in (*preferred, *others)]


def _groups(rows: tuple[_Row, ...], n: int) -> PatternGroups:
    """Return the texts of one component: those in one group that the same statements have, all else being equal."""
    beside: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
    wishes: dict[str, list[Better]] = {}
    for row in rows:
        beside.setdefault(row.parts[n], []).append((row.owners, (*row.parts[:n], *row.parts[n + 1 :])))
        wishes.setdefault(row.parts[n], []).append(row.better)
    together: dict[frozenset[tuple[int, tuple[str, ...]]], list[str]] = {}
    for text, others in beside.items():
        together.setdefault(frozenset(others), []).append(text)
    return tuple(
        sorted(
            PatternGroup(
                tuple(Pattern("like", text) for text in sorted(texts)),
                all_in_all(wish for text in texts for wish in wishes[text]),
            )
            for texts in together.values()
        )
    )


@lru_cache(maxsize=65536)
def _covering(told_apart: PatternGroups, text: str) -> int:
    """Return the groups that cover a text, as bits."""
    return where(any(wildcard(pattern.text)(text) for pattern in group.patterns) for group in told_apart)


@lru_cache(maxsize=65536)
def _covering_parts(parts: tuple[str, ...], text: str) -> tuple[str, ...]:
    return tuple(part for part in parts if wildcard(part)(text))


def _accounts(arn: str, named: tuple[str, ...], lines: Lines) -> tuple[str, ...]:
    """Return the accounts that a resource may be in: its ARN's, or any where that does not tell."""
    parts = parse(arn)
    if parts and parts.account.isdigit():
        return (parts.account,)
    others = (text for _, text in classes(_DIGITS, compared(lines, "aws:resourceaccount")))
    return tuple(dict.fromkeys((*named, *others)))
