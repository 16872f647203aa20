"""Event patterns to ask two matchers about: those of the templates, random ones, and random events near a pattern."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from tableguard.detect import catalogue
from tableguard.settings import example
from tableguard.stacks.registry import enabled_stacks
from tests.worlds.requirements import stack

Json = dict[str, Any]
_ABSENT = object()


def of_templates() -> dict[str, Json]:
    """Return every event pattern of the rendered stacks by stack and resource, and those of Lambda's filters."""
    return {
        f"{module.name}.{name}": pattern
        for module in enabled_stacks(example())
        for name, resource in stack(module.name)["Resources"].items()
        for pattern in _patterns(resource.get("Properties", {}))
    }


def _patterns(properties: Mapping[str, Any]) -> Iterator[Json]:
    if "EventPattern" in properties:
        yield properties["EventPattern"]
    for entry in properties.get("FilterCriteria", {}).get("Filters", ()):
        yield json.loads(entry["Pattern"])


def examples() -> list[Json]:
    """Return the records of all detections, and their twins, as CloudTrail sends them to an event bus."""
    return [
        _sent(record)
        for detection in catalogue.load_all(example().policy_values())
        for one in detection.examples
        for record in (one.event, one.twin)
    ]


def _sent(record: Json) -> Json:
    return {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{record['eventSource'].split('.')[0]}",
        "account": "111122223333",
        "time": "2026-12-01T00:00:00Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": record,
    }


def random_event(random: Random, pattern: Json, base: Json) -> Json:
    """Return an event with what a pattern asks for, mostly; the rest is as in another event."""
    event = copy.deepcopy(base)
    _put_fields(random, pattern, event)
    return event


def _put_fields(random: Random, pattern: Json, event: Json) -> None:
    for key, rules in pattern.items():
        if key == "$or":
            _put_fields(random, random.choice(rules), event)
        elif isinstance(rules, dict):
            event[key] = _level(random, rules, event.get(key))
        elif (value := _value(random, rules)) is _ABSENT:
            event.pop(key, None)
        else:
            event[key] = _within(random, value)


def _level(random: Random, rules: Json, base: Any) -> Any:
    """Return an object, and now and then an array of some, or something else."""
    if random.random() < 0.02:
        return random.choice(VALUES)
    several = random.choice((1, 1, 1, 1, 1, 2, 3))
    objects = [copy.deepcopy(base) if isinstance(base, dict) else {} for _ in range(several)]
    for inner in objects:
        _put_fields(random, rules, inner)
    return objects if several > 1 else objects[0]


def _within(random: Random, value: Any) -> Any:
    """Return a value, now and then among others in an array."""
    if random.random() < 0.85:
        return value
    several = [value, *random.choices(VALUES, k=random.randint(0, 2))]
    random.shuffle(several)
    return [several] if random.random() < 0.1 else several


def _value(random: Random, rules: list[Any]) -> Any:
    """Return what a rule asks for, or, one time in eight, anything else."""
    if random.random() < 0.125:
        return random.choice((*VALUES, _ABSENT, _ABSENT, {}, []))
    rule = random.choice(rules)
    if not isinstance(rule, dict):
        return rule
    ((name, operand),) = rule.items()
    return _asked_by(random, name, operand)


def _asked_by(random: Random, name: str, operand: Any) -> Any:
    if isinstance(operand, dict) and name != "anything-but":
        ((_, text),) = operand.items()
        return _asked_by(random, name, text.swapcase())
    tail = random.choice(("", "a", "B", "ß", "*"))
    near: dict[str, Callable[[], Any]] = {
        "prefix": lambda: operand + tail,
        "suffix": lambda: tail + operand,
        "equals-ignore-case": lambda: random.choice((operand.upper(), operand.lower(), operand.swapcase())),
        "wildcard": lambda: operand.replace(r"\*", "\0").replace("*", tail).replace("\0", "*"),
        "numeric": lambda: random.choice(operand[1::2]) + random.choice((-0.5, 0, 0.5)),
        "cidr": lambda: random.choice(_ADDRESSES),
        "exists": lambda: random.choice(VALUES) if operand else _ABSENT,
        "anything-but": lambda: random.choice((*VALUES, *_texts(operand))),
    }
    return near[name]()


def _texts(excluded: Any) -> list[Any]:
    """Return what anything-but excludes, so that it is asked about too."""
    if isinstance(excluded, dict):
        return [text for texts in excluded.values() for text in _texts(texts)]
    return excluded if isinstance(excluded, list) else [excluded]


_ADDRESSES = ("10.0.0.1", "10.0.0.255", "10.0.1.0", "11.0.0.1", "010.0.0.1", "2001:db8::1", "2001:0db8:0::2", "::1")
VALUES: tuple[Any, ...] = (
    *(
        "",
        "a",
        "A",
        "ab",
        "aB",
        "abc",
        "b",
        "a*c",
        "aXc",
        r"a\c",
        "ä",
        "Ä",
        "straße",
        "STRASSE",
        "true",
        "null",
        "1",
        "100",
    ),
    *(0, 1, -1, 2.5, 100, 100.0, 1e3, 10**20, True, False, None),
    *_ADDRESSES,
)
_TEXTS = tuple(value for value in VALUES if isinstance(value, str))
_NUMBERS = (-1, 0, 1, 2.5, 100, 1e3)
_WILDCARDS = ("*", "a*", "*c", "a*c", "*b*", r"a\*c", "a*b*c", "", r"a\\c")
# none of fewer than four bits: Event Ruler reads 1 as a digit of an address too, and 0.0.0.0/0 matches it
_CIDRS = ("10.0.0.0/24", "10.0.0.7/8", "10.0.0.0/31", "2001:db8::/32", "::/127")
_NAMES = ("a", "b", "c", "d")


def random_pattern(random: Random, depth: int = 2) -> Json:
    """Return a pattern of one to three fields, with levels and `$or`."""
    pattern: Json = {}
    for name in random.sample(_NAMES, random.randint(1, 3)):
        nested = depth > 0 and random.random() < 0.35
        dotted = f"{name}.{random.choice(_NAMES)}" if random.random() < 0.05 else name
        pattern[dotted] = random_pattern(random, depth - 1) if nested else _rules(random)
    if depth > 0 and random.random() < 0.2:
        pattern["$or"] = [random_pattern(random, depth - 1) for _ in range(random.randint(2, 3))]
    return pattern


def _rules(random: Random) -> list[Any]:
    return [_rule(random) for _ in range(random.choice((1, 1, 1, 2, 3)))]


def _rule(random: Random) -> Any:
    text = random.choice(_TEXTS)
    return random.choice(
        (
            random.choice(VALUES),
            random.choice(VALUES),
            {"prefix": text},
            {"prefix": {"equals-ignore-case": text}},
            {"suffix": text},
            {"suffix": {"equals-ignore-case": text}},
            {"equals-ignore-case": text},
            {"wildcard": random.choice(_WILDCARDS)},
            {"cidr": random.choice(_CIDRS)},
            {"exists": random.random() < 0.5},
            {"numeric": _range(random)},
            {"anything-but": _excluded(random)},
        )
    )


def _range(random: Random) -> list[Any]:
    low, high = sorted(random.sample(_NUMBERS, 2))
    if random.random() < 0.5:
        return [random.choice(("=", "<", "<=", ">", ">=")), low]
    return [random.choice((">", ">=")), low, random.choice(("<", "<=")), high]


def _excluded(random: Random) -> Any:
    texts = random.sample(_TEXTS, random.randint(1, 3))
    filled = [text for text in texts if text] or ["a"]
    return random.choice(
        (
            texts,
            texts[0],
            random.sample(_NUMBERS, 2),
            random.choice(_NUMBERS),
            {"prefix": filled},
            {"suffix": filled[0]},
            {"equals-ignore-case": texts},
            {"wildcard": random.sample(_WILDCARDS, 2)},
            {"wildcard": random.choice(_WILDCARDS)},
        )
    )


def rule_by_rule(pattern: Json) -> list[Json]:
    """Return patterns of one rule a field, of which an event matches one if and only if it matches the pattern."""
    simple: list[Json] = [{}]
    for key, rules in pattern.items():
        if key == "$or":
            alternatives = [one for fields in rules for one in rule_by_rule(fields)]
        elif isinstance(rules, dict):
            alternatives = [{key: one} for one in rule_by_rule(rules)]
        else:
            alternatives = [{key: [rule]} for rule in rules]
        simple = [_merged(so_far, one) for so_far in simple for one in alternatives]
    return simple


def _merged(one: Json, other: Json) -> Json:
    both = copy.deepcopy(one)
    for key, value in other.items():
        both[key] = _merged(both[key], value) if isinstance(both.get(key), dict) else value
    return both


_WORDS = ("a", "$or", "prefix", "suffix", "anything-but", "numeric", "cidr", "exists", "wildcard", "equals-ignore-case")
_LEAVES = ("", "a*", "**", "10.0.0.0/8", "::/0", "=", ">", 0, 1.5, 10**400, True, None)


def random_document(random: Random) -> str:
    """Return JSON of the words of patterns, of which few are patterns."""
    return json.dumps({random.choice(_WORDS): [_node(random, 3)]})


def _node(random: Random, depth: int) -> Any:
    kind = random.randrange(3) if depth else 0
    if kind == 0:
        return random.choice(_LEAVES)
    inner = [_node(random, depth - 1) for _ in range(random.randint(0, 2))]
    return inner if kind == 1 else {random.choice(_WORDS): value for value in inner}
