"""Comparisons of a policy's text with a request's, as IAM makes them: wildcards, variables, ARNs, action names.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from tableguard.aws.arn import components
from tableguard.errors import PolicyError

Values = Mapping[str, tuple[str, ...]]  # context keys in lower case -> their values
Test = Callable[[str], object]

_NOTHING: Test = re.compile(r"(?!)").fullmatch
_EVERYTHING: Test = re.compile(r".*", re.DOTALL).fullmatch
MOST_REMEMBERED = 1_024  # texts whose answer a test keeps: proofs ask the same few again and again
VARIABLE = re.compile(r"\$\{([^}]*)\}")
_VARIABLE_AS_WRITTEN = re.compile(r"\$\{(?:[*?$]|[^{},]+(?:,\s*'[^']*'\s*)?)\}")
_SPECIAL = re.compile(r"(\$\{[*?$]\}|[*?])")
_LITERAL = {"*", "?", "$"}  # ${*}, ${?} and ${$} stand for the character itself


@lru_cache(maxsize=65536)
def wildcard(pattern: str, ignore_case: bool = False) -> Test:
    """Return a test for texts that a pattern with `*` and `?` covers from end to end."""
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return re.compile(_expression(pattern, "."), flags).fullmatch


def _expression(pattern: str, character: str) -> str:
    """Return the regular expression of a pattern whose wildcards stand for such characters."""
    return "".join(_part(part, character) for part in _SPECIAL.split(pattern))


def _part(part: str, character: str) -> str:
    if part == "*":
        return f"{character}*"
    return character if part == "?" else re.escape(literal(part))


def literal(text: str) -> str:
    """Return a text with its escaped wildcards `${*}` written as the characters they stand for."""
    return re.sub(r"\$\{([*?$])\}", r"\1", text) if "${" in text else text


def refuse_malformed_variable(text: str) -> None:
    """Raise PolicyError for a `${` that begins no variable: no brace closes it, it has no name, or an unquoted default.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html has them as errors.
    """
    for begin in re.finditer(r"\$\{", text):
        if not _VARIABLE_AS_WRITTEN.match(text, begin.start()):
            raise PolicyError(
                f"{text[begin.start() :]!r} begins no variable; accepted: ${{key}} or ${{key, 'default'}}"
            )


def substituted(text: str, context: Values) -> str | None:
    """Return the text with its ${variables} filled from the context; None if one of them has no value."""
    if "${" not in text:
        return text
    unknown = False

    def value(match: re.Match[str]) -> str:
        nonlocal unknown
        if match[1] in _LITERAL:
            return match[0]
        chosen = _value(match[1], context)
        unknown = unknown or chosen is None
        # a wildcard in the value of a variable is no wildcard
        return re.sub(r"[*?$]", r"${\g<0>}", chosen or "")

    filled = VARIABLE.sub(value, text)
    return None if unknown else filled


def _value(variable: str, context: Values) -> str | None:
    """Return the value of `key` or of `key, 'default'`."""
    name, _, default = variable.partition(",")
    values = context.get(name.strip().lower(), ())
    if len(values) > 1:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_single-vs-multi-valued-condition-keys.html
        raise PolicyError(f"${{{variable}}}: the request has {len(values)} values, and a variable takes one only")
    if values:
        return values[0]
    return default.strip().strip("'") if default else None


class _Answers(dict[str, bool]):
    """The answers of a test by text: elements with the same values share them, and are asked about the same texts."""

    def __init__(self, test: Test) -> None:
        super().__init__()
        self.test = test

    def __missing__(self, text: str) -> bool:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        answer = self[text] = bool(self.test(text))
        return answer


@lru_cache(maxsize=16384)
def action_test(patterns: tuple[str, ...]) -> Test:
    """Return a test for the actions, in lower case, that one of the values of an Action element covers.

    Neither service nor name is case-sensitive.
    """
    lowered = frozenset(map(str.lower, patterns))
    wild = [pattern for pattern in lowered if "*" in pattern or "?" in pattern]
    if not wild:
        return lowered.__contains__
    covers = _one_of(_expression(pattern, ".") for pattern in wild)
    return _Answers(lambda action: action in lowered or covers(action)).__getitem__


@lru_cache(maxsize=16384)
def resource_test(patterns: tuple[str, ...]) -> Test:
    """Return a test for the resources that a value of a Resource element covers: all, or ARNs part by part."""
    if patterns == ("*",):
        return _EVERYTHING
    expressions = (_expression("*", ".") if pattern == "*" else _arn_expression(pattern) for pattern in patterns)
    return _Answers(_one_of(expression for expression in expressions if expression is not None)).__getitem__


@lru_cache(maxsize=16384)
def like_test(patterns: tuple[str, ...]) -> Test:
    """Return a test for the texts that one of the patterns with `*` and `?` covers from end to end."""
    return _Answers(_one_of(_expression(pattern, ".") for pattern in patterns)).__getitem__


@lru_cache(maxsize=16384)
def arn_test(patterns: tuple[str, ...]) -> Test:
    """Return a test for the ARNs that one of the ARN patterns covers: `arn_matches` of any of them."""
    expressions = map(_arn_expression, patterns)
    return _Answers(_one_of(expression for expression in expressions if expression is not None)).__getitem__


def _one_of(expressions: Iterable[str]) -> Test:
    """Return a test for texts that one of the expressions matches: as one expression they take a fifth of the time."""
    alternatives = tuple(expressions)
    return re.compile("|".join(alternatives), re.DOTALL).fullmatch if alternatives else _NOTHING


def arn_matches(pattern: str, arn: str) -> bool:
    """Return True if an ARN pattern covers an ARN: its six components each; a wildcard stays within its own.

    The resource component is the last and may itself hold colons. Something that is not an ARN matches nothing.
    """
    test = _arn_test(pattern)
    return test is not None and bool(test(arn))


@lru_cache(maxsize=65536)
def _arn_test(pattern: str) -> Test | None:
    expression = _arn_expression(pattern)
    return None if expression is None else re.compile(expression, re.DOTALL).fullmatch


def _arn_expression(pattern: str) -> str | None:
    parts = components(pattern)
    if parts is None:
        return None
    *within, resource = parts
    return ":".join((*(_expression(part, "[^:]") for part in within), _expression(resource, ".")))


def arn_pattern(text: str) -> str:
    """Return a text that is an ARN pattern; PolicyError if it has not six components or a variable before the sixth.

    AWS lets a `*` at the end of a component reach beyond its colon, so that shorter patterns have no certain meaning.
    """
    parts = components(VARIABLE.sub("${}", text))
    if parts is None:
        raise PolicyError(f"{text!r} has not the six components of an ARN, arn:aws:service:region:account:resource")
    if any("${" in part for part in parts[:-1]):
        raise PolicyError(f"{text!r} has a variable before the last component, where AWS does not fill it")
    return text
