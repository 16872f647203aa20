"""How IAM compares a policy's text with a request's: wildcards, variables, ARNs, action names.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

Values = Mapping[str, tuple[str, ...]]  # context keys in lower case -> their values

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERAL = {"*", "?", "$"}  # ${*}, ${?} and ${$} stand for the character itself


@lru_cache(maxsize=65536)
def wildcard(pattern: str, ignore_case: bool = False) -> Callable[[str], object]:
    """A test for texts that a pattern with `*` and `?` covers from end to end."""
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return re.compile("".join(map(_expression, _parts(pattern))), flags).fullmatch


def _parts(pattern: str) -> list[str]:
    return re.findall(r"\$\{[*?$]\}|.", pattern, re.DOTALL)


def _expression(part: str) -> str:
    if part == "*":
        return ".*"
    if part == "?":
        return "."
    return re.escape(part[2] if len(part) > 1 else part)


def literal(text: str) -> str:
    """A text with its escaped wildcards `${*}` written as the characters they stand for."""
    return re.sub(r"\$\{([*?$])\}", r"\1", text) if "${" in text else text


def substituted(text: str, context: Values) -> str | None:
    """The text with its ${variables} filled from the context; None if one cannot be filled: it then never matches."""
    if "${" not in text:
        return text
    unknown = False

    def value(match: re.Match[str]) -> str:
        nonlocal unknown
        if match[1] in _LITERAL:
            return match[0]
        name, _, default = match[1].partition(",")
        found = context.get(name.strip().lower(), ())
        # a variable takes a key of one value only; a multivalued one counts as absent
        chosen = found[0] if len(found) == 1 else default.strip().strip("'") if default else None
        if chosen is None:
            unknown = True
            return ""
        return re.sub(r"[*?$]", r"${\g<0>}", chosen)

    filled = _VARIABLE.sub(value, text)
    return None if unknown else filled


def action_matches(pattern: str, action: str) -> bool:
    """Whether an Action element covers an action; neither service nor name is case-sensitive."""
    return bool(wildcard(pattern, ignore_case=True)(action))


def resource_matches(pattern: str, resource: str) -> bool:
    """Whether a Resource element covers a resource: everything, or an ARN segment by segment."""
    return pattern == "*" or arn_matches(pattern, resource)


@lru_cache(maxsize=65536)
def _segments(pattern: str) -> tuple[Callable[[str], object], ...] | None:
    parts = pattern.split(":", 5)
    return tuple(wildcard(part) for part in parts) if len(parts) == 6 else None


def arn_matches(pattern: str, arn: str) -> bool:
    """Whether an ARN pattern covers an ARN: its six components each; a wildcard stays within its own.

    The resource component is the last and may itself hold colons. Something that is not an ARN matches nothing.
    """
    segments = _segments(pattern)
    if segments is None:
        return False
    parts = arn.split(":", 5)
    return len(parts) == 6 and all(test(part) for test, part in zip(segments, parts, strict=True))
