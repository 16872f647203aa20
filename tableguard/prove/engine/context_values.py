"""Representative values of a context key, including absence: one per class the conditions distinguish."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Context, Decimal
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_network
from itertools import combinations, pairwise

from tableguard.errors import PolicyError
from tableguard.policy.conditions import OPERATORS, Condition, instant, number
from tableguard.policy.matching import Values
from tableguard.policy.service_reference import load
from tableguard.prove.engine.automaton import ANY_TEXT, Tokens, classes
from tableguard.prove.engine.dominance.aim import Aim
from tableguard.prove.engine.dominance.sets import SetsOfValues
from tableguard.prove.engine.dominance.texts import Texts, classes_of, groups
from tableguard.prove.engine.links.templates import covers
from tableguard.prove.engine.statement_set import SCOPE, Lines, StatementSet, where
from tableguard.prove.engine.string_patterns import is_text, patterns
from tableguard.prove.engine.unproved import NotProvedError

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html: the time of the request, as
# a date and as a number of seconds
_TIMES = frozenset(("aws:currenttime", "aws:epochtime"))
_EARLIEST = Decimal(100_000_000)  # of the year 1973: no request is older
_LATEST = Decimal(9_999_999_999_999)  # no number of seconds has more than thirteen digits
_START = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DATE, _LAST_DATE = -62_135_596_800, 253_402_300_799  # the seconds at which the years 0001 and 9999 begin and end
_EXACT = Context(prec=25_000)  # more digits than the largest policy has characters

MOST_TOGETHER = 10  # values of one key that no condition takes for the same: 1,023 sets of them

# Texts that AWS makes itself, or that have a shortest length: never empty. Those that callers choose, tags above all,
# may be: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and the API of tags,
# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html, have values of 0 characters.
_NEVER_EMPTY = frozenset(
    (
        "account:targetregion",
        "aws:calledviafirst",
        "aws:calledvialast",
        "aws:ec2instancesourcevpc",
        "aws:principalaccount",
        "aws:principalorgid",
        "aws:principalservicename",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:resourceaccount",
        "aws:resourceorgid",
        "aws:sourceaccount",
        "aws:sourceorgid",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "aws:username",
        "aws:vpceaccount",
        "aws:vpceorgid",
        "dynamodb:returnvalues",
        "dynamodb:select",
        "iam:awsservicename",
        "iam:passedtoservice",
        "kms:calleraccount",
        "kms:viaservice",
    )
)

_EXAMPLES = {
    "aws:currenttime": ("2026-01-01T12:00:00Z",),
    "aws:epochtime": ("1767268800",),
    "aws:requestedregion": ("us-east-1", "eu-west-1"),
    "aws:sourcevpce": ("vpce-0a1b2c3d4e5f60718",),
    "aws:sourcevpc": ("vpc-0a1b2c3d4e5f60718",),
    "aws:sourceaccount": ("444455556666",),
    "aws:sourceorgid": ("o-otherorgid1",),
    "aws:sourceip": ("203.0.113.9",),
}
# a value of each type, where only presence matters
_OF_TYPE = {
    "ARN": "arn:aws:s3:::x",
    "Bool": "true",
    "Date": "2026-01-01T00:00:00Z",
    "IPAddress": "203.0.113.9",
    "Numeric": "1",
}


def singles(key: str, lines: Lines, aim: Aim | None = None, apart: tuple[Tokens, ...] = ()) -> tuple[str, ...]:
    """Return one value of each class: of one class are values that every comparison, and `apart`, answers alike.

    With an aim, classes of texts are left out where there are many and another one serves a counterexample as well.
    """
    compared = _bare(lines)
    alike: dict[tuple[object, ...], str] = {}
    for value in _candidates(key, lines, aim, apart):
        answers = (*(_compares(line, value) for line in compared), *(covers(tokens, value) for tokens in apart))
        alike.setdefault(answers, value)
    return tuple(alike.values())


def choices(
    key: str, lines: Lines, always: bool, aim: Aim | None = None, apart: tuple[Tokens, ...] = ()
) -> tuple[tuple[str, ...], ...]:
    """Return everything that a request may carry under a key: nothing (an empty tuple), one value, or several.

    `apart` are texts that are told apart besides, because other keys are compared with this one. With an aim, what
    serves no counterexample better than something else is left out where there is much.
    """
    # the same lines are asked again and again, with other statements beside them: only their part in the aim matters
    parts = tuple((aim.part(statement) if aim else statement & SCOPE, line) for statement, line in lines)
    values, gaps = _choices(key, parts, always, aim is not None, apart)
    if aim is not None:
        aim.gaps.extend(gaps)
    return values


@lru_cache(maxsize=4096)
def _choices(
    key: str,
    lines: tuple[tuple[StatementSet, Condition], ...],
    always: bool,
    aimed: bool,
    apart: tuple[Tokens, ...],
) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """Return what a request may carry, and the gaps in it."""
    aim = Aim.of_parts() if aimed else None
    values = _carried(key, lines, always, aim, apart)
    return values, tuple(aim.gaps if aim else ())


def _carried(
    key: str, lines: Lines, always: bool, aim: Aim | None, apart: tuple[Tokens, ...]
) -> tuple[tuple[str, ...], ...]:
    several = is_list(key, lines)
    counted = several and not all(line.quantifier or line.operator == "Null" for _, line in lines)
    if counted:
        aim = None  # how many values there are matters itself
    values = singles(key, lines, aim, apart)
    absent: tuple[tuple[str, ...], ...] = () if always else ((),)
    if not several:
        return (*absent, *((value,) for value in values))
    members = [value for value in values if value]
    # of two values that no comparison tells apart, the same one stands for both
    alike = ((value, value) for value in members) if counted else ()
    return (*absent, *([("",)] if may_be_empty(key) else ()), *_sets(key, members, lines, aim), *alike)


def _sets(key: str, members: list[str], lines: Lines, aim: Aim | None) -> tuple[tuple[str, ...], ...]:
    """Return the sets of values that the lines tell apart; every set where a comparison is undefined."""
    compared = [(statement, line) for statement, line in lines if line.operator != "Null"]
    bare = _bare(lines)
    answers = {value: [_compares(line, value) for line in bare] for value in members}
    if not any(answer is None for each in answers.values() for answer in each):
        sets = SetsOfValues(compared, {value: where(each) for value, each in answers.items()}, aim).smallest()
        if sets is not None:
            return sets
    if len(members) > MOST_TOGETHER:
        raise NotProvedError(f"{key}: {len(members)} different values, in any combination, are too many")
    every = range(1, len(members) + 1)
    return tuple(subset for size in every for subset in combinations(members, size))


def may_be_empty(key: str) -> bool:
    """Return True if a request may carry the empty text under a key of one value; which is neither absent nor null."""
    kind = load().key_type(key)
    return kind in (None, "String") and key.lower() not in _NEVER_EMPTY


def is_list(key: str, lines: Lines) -> bool:
    """Return True if a request may carry several values, by the service reference or as a set operator implies."""
    kind = load().key_type(key)
    if kind is not None:
        return kind.startswith("ArrayOf") or any(line.quantifier for _, line in lines)
    return any(line.quantifier for _, line in lines)


def _bare(lines: Lines) -> list[Condition]:
    """Return the comparisons of the lines: without set operators, without IfExists, and none of mere presence."""
    compared = (line for _, line in lines if line.operator != "Null")
    return [
        replace(line, quantifier="", if_exists=False) if line.quantifier or line.if_exists else line
        for line in compared
    ]


def _compares(line: Condition, value: str) -> object:
    """Return the result of a bare comparison with a value; None where it is undefined."""
    try:
        return line.holds({line.key: (value,)})
    except PolicyError:
        return None


def _candidates(key: str, lines: Lines, aim: Aim | None, apart: tuple[Tokens, ...]) -> list[str]:
    """Return values of every class that the comparisons tell apart, and some besides."""
    compared = [(statement, line) for statement, line in lines if line.operator != "Null"]
    examples = list(_EXAMPLES.get(key, ()))
    if not compared and not apart:  # nothing but presence is compared
        return examples[:1] or [_OF_TYPE.get(load().key_type(key) or "", "x")]
    families = _families(key, [line for _, line in compared], bool(apart))
    candidates: list[str] = []
    for family in families:
        own = [(statement, line) for statement, line in compared if family in (_family(line), "time")]
        if family == "text":
            few = _classes(own, key, aim if len(families) == 1 else None, apart)
            # the empty text last: where nothing tells it from another, that one reads better
            candidates += [*examples, *(text for _, text in few), *([""] if may_be_empty(key) else [])]
        else:
            candidates += _OF_FAMILY[family]([line for _, line in own], examples, key)
    readers = [OPERATORS[line.operator].read for statement, line in compared if statement & SCOPE and not is_text(line)]
    if readers and len(families) > 1 and any(is_text(line) for _, line in compared):
        # which numbers a pattern of texts covers is not looked for
        raise NotProvedError(f"{key} is compared as {' and as '.join(families)}, and the promise is not about texts")
    return [value for value in candidates if all(_reads(read, value) for read in readers)]


def _families(key: str, lines: list[Condition], as_text: bool) -> list[str]:
    """Return the families of operators whose values the key may have: those that compare it, and texts.

    A key that AWS makes itself has values of its own type, however policies compare it. One whose text callers choose,
    such as a tag, may also have a text that is no number: of that AWS does not say how it compares with one.
    """
    kind = load().key_type(key)
    if kind == "Bool":
        return ["bool"]
    families = {_family(line) for line in lines} | ({"text"} if as_text else set())
    if key in _TIMES and families <= {"numeric", "date"}:
        return ["time"]
    if kind == "String" or (kind is None and len(families) > 1):
        families.add("text")
    return sorted(families)


def _reads(read: Callable[[str], object], value: str) -> bool:
    """Return True if an operator of the scope takes the value: a claim about numbers is about no other text."""
    try:
        read(value)
    except PolicyError:
        return False
    return True


def _family(line: Condition) -> str:
    if is_text(line):
        return "text"
    name = line.operator.lower()
    return next(family for family in ("bool", "numeric", "date", "ipaddress") if family in name)


def _classes(lines: Lines, key: str, aim: Aim | None, apart: tuple[Tokens, ...]) -> Texts:
    if apart:
        return classes(ANY_TEXT, (*patterns(lines, key), *apart))
    return classes_of(ANY_TEXT, groups(lines, key, aim), None if aim is None else aim.gaps)


def _truths(lines: list[Condition], examples: list[str], key: str) -> list[str]:
    return ["true", "false"]


def _numbers(lines: list[Condition], examples: list[str], key: str) -> list[str]:
    return [_written(cut) for cut in _around(number(value) for line in lines for value in line.values)]


def _around(cuts: Iterable[Decimal]) -> list[Decimal]:
    """Return the numbers at which an answer changes, one between each two, and one beyond each end."""
    ordered = sorted(set(cuts))
    between = [_between(low, high) for low, high in pairwise(ordered)]
    ends = (_EXACT.subtract(ordered[0], Decimal(1)), _EXACT.add(ordered[-1], Decimal(1)))
    return sorted({*ordered, *between, *ends})


def _between(low: Decimal, high: Decimal) -> Decimal:
    """Return a number between two: a whole one where there is one, else the one in the middle."""
    middle = _EXACT.multiply(_EXACT.add(low, high), Decimal("0.5"))
    whole = middle.to_integral_value(ROUND_FLOOR)
    return whole if low < whole else middle


def _written(value: Decimal) -> str:
    """Write a number in full, as policies and requests have it: neither rounded nor with an exponent."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _dates(lines: list[Condition], examples: list[str], key: str) -> list[str]:
    cuts = _around(instant(value) for line in lines for value in line.values)
    return [text for cut in cuts for text in _date(cut, key)]


def _times(lines: list[Condition], examples: list[str], key: str) -> list[str]:
    """Return the times of a request, of which each is a number and a date."""
    cuts = (instant(value) if _family(line) == "date" else number(value) for line in lines for value in line.values)
    possible = (cut for cut in _around((_EARLIEST, *cuts)) if _EARLIEST <= cut <= _LATEST)
    return [*examples, *(text for cut in possible for text in _date(cut, key))]


def _date(cut: Decimal, key: str) -> Iterator[str]:
    """Yield an instant as a date; as seconds where the key counts them, or where no date is so late.

    Nothing is so early, or so late, that neither can be written.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Date
    """
    whole = int(cut.to_integral_value(ROUND_FLOOR))
    if key == "aws:epochtime" or whole > _LAST_DATE:
        yield from [_written(cut)] if cut <= _LATEST else []
    elif whole >= _FIRST_DATE:
        fraction = _written(_EXACT.subtract(cut, Decimal(whole))).removeprefix("0")
        yield f"{(_START + timedelta(seconds=whole)).isoformat().removesuffix('+00:00')}{fraction}Z"


def _addresses(lines: list[Condition], examples: list[str], key: str) -> list[str]:
    blocks = [ip_network(value, strict=False) for line in lines for value in line.values]
    addresses = list(examples)
    for version, most in ((4, 2**32), (6, 2**128)):
        mine = [block for block in blocks if block.version == version]
        ends = {int(block[0]) for block in mine} | {int(block[-1]) + 1 for block in mine} | {0}
        if version == 6 and not mine:
            ends = {0x20010DB8 << 96}  # the block of documentation addresses
        addresses += [str(_ADDRESSES[version](end)) for end in sorted(ends) if end < most]
    return addresses


_ADDRESSES = {4: IPv4Address, 6: IPv6Address}
_OF_FAMILY = {
    "bool": _truths,
    "numeric": _numbers,
    "date": _dates,
    "time": _times,
    "ipaddress": _addresses,
}


def context_of(key: str, values: tuple[str, ...]) -> Values:
    """Return the context that holds these values; a key without a value is absent."""
    return {key: values} if values else {}
