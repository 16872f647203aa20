"""Representative values of a context key, including absence: one per class the conditions distinguish."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_network
from itertools import combinations, pairwise

from tableguard.errors import PolicyError
from tableguard.policy.conditions import Condition
from tableguard.policy.matching import Values
from tableguard.policy.service_reference import load
from tableguard.prove.engine.automaton import ANY_TEXT, classes
from tableguard.prove.engine.statement_set import NONE, Lines
from tableguard.prove.engine.string_patterns import is_text, patterns
from tableguard.prove.engine.unproved import NotProvedError

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
    "aws:requestedregion": ("us-east-1", "eu-west-1"),
    "aws:sourcevpce": ("vpce-0a1b2c3d4e5f60718",),
    "aws:sourcevpc": ("vpc-0a1b2c3d4e5f60718",),
    "aws:sourceaccount": ("444455556666",),
    "aws:sourceorgid": ("o-otherorgid1",),
    "aws:sourceip": ("203.0.113.9",),
}


def singles(lines: Lines) -> tuple[str, ...]:
    """Return one value of each class: values are of one class if every comparison answers them alike."""
    compared = [line for _, line in lines if line.operator != "Null"]
    classes_of: dict[tuple[object, ...], str] = {}
    for value in _candidates(lines):
        classes_of.setdefault(tuple(_compares(line, value) for line in compared), value)
    return tuple(classes_of.values())


def choices(key: str, lines: Lines, always: bool) -> tuple[tuple[str, ...], ...]:
    """Return everything that a request may carry under a key: nothing (an empty tuple), one value, or several."""
    values = singles(lines)
    absent: tuple[tuple[str, ...], ...] = () if always else ((),)
    if not is_list(key, lines):
        return (*absent, *((value,) for value in values))
    members = [value for value in values if value]
    if len(members) > MOST_TOGETHER:
        raise NotProvedError(f"{key}: {len(members)} different values, in any combination, are too many")
    sets = (subset for size in range(1, len(members) + 1) for subset in combinations(members, size))
    return (*absent, *([("",)] if may_be_empty(key) else ()), *sets)


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


def _compares(line: Condition, value: str) -> object:
    """Return the result of the bare comparison with a value; the text of the refusal where it is undefined."""
    try:
        return replace(line, quantifier="", if_exists=False).holds({line.key: (value,)})
    except PolicyError as error:
        return str(error)


def _candidates(lines: Lines) -> list[str]:
    families = {_family(line) for _, line in lines} - {"null"}
    if len(families) > 1:
        raise NotProvedError(f"{lines[0][1].key} is compared as {' and as '.join(sorted(families))}")
    compared = [line for _, line in lines if line.operator != "Null"]
    examples = list(_EXAMPLES.get(lines[0][1].key, ()))
    if not families:  # nothing but presence is compared
        return examples[:1] or ["x"]
    return _OF_FAMILY[families.pop()](compared, examples)


def _family(line: Condition) -> str:
    if line.operator == "Null":
        return "null"
    if is_text(line):
        return "text"
    name = line.operator.lower()
    return next(family for family in ("bool", "numeric", "date", "ipaddress") if family in name)


def _texts(lines: list[Condition], examples: list[str]) -> list[str]:
    told_apart = patterns(((NONE, line) for line in lines), lines[0].key)
    # the empty text last: where nothing tells it from another, that one reads better
    empty = [""] if may_be_empty(lines[0].key) else []
    return [*examples, *(text for _, text in classes(ANY_TEXT, told_apart)), *empty]


def _truths(lines: list[Condition], examples: list[str]) -> list[str]:
    return ["true", "false"]


def _numbers(lines: list[Condition], examples: list[str]) -> list[str]:
    return [f"{number:g}" for number in _around(sorted({float(value) for line in lines for value in line.values}))]


def _around(cuts: list[float]) -> list[float]:
    """Return the numbers at which an answer changes, one between each two, and one beyond each end."""
    between = [(low + high) / 2 for low, high in pairwise(cuts)]
    return sorted({cuts[0] - 1, *cuts, *between, cuts[-1] + 1})


def _dates(lines: list[Condition], examples: list[str]) -> list[str]:
    cuts = sorted({_instant(value) for line in lines for value in line.values})
    return [datetime.fromtimestamp(instant, UTC).isoformat().replace("+00:00", "Z") for instant in _around(cuts)]


def _instant(value: str) -> float:
    if value.isdigit() and len(value) > 8:
        return float(value)
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _addresses(lines: list[Condition], examples: list[str]) -> list[str]:
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
_OF_FAMILY = {"text": _texts, "bool": _truths, "numeric": _numbers, "date": _dates, "ipaddress": _addresses}


def context_of(key: str, values: tuple[str, ...]) -> Values:
    """Return the context that holds these values; a key without a value is absent."""
    return {key: values} if values else {}
