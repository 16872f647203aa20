"""Regular expressions as filter patterns take them, between two percent signs: a small language of its own.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/regex-expressions.html
They may match anywhere. Two quantifiers one after the other are refused, for that page gives them no meaning.
"""

import re
from collections.abc import Callable, Iterator

from tableguard.aws.patterns.filters.errors import FilterPatternError

_SYMBOLS = ":_#=@/;,- "  # the page's own example has a space
_OPERATORS = r"^$?[]{}|\*+."
_TOKEN = re.compile(
    r"(?P<hexadecimal>\\x[0-9A-Fa-f]{2})|(?P<kind>\\[dDsSwW])|\\(?P<escaped>.)|(?P<set>\[\^?(?:\\.|[^\]\\])+\])"
    r"|(?P<times>[*+?]|\{[0-9]+(?:,[0-9]*)?\}|\{,[0-9]+\})|(?P<character>.)",
    re.DOTALL,
)
_ANCHORS = {"^": r"\A", "$": r"\Z", "|": "|", ".": "."}


def expression(text: str) -> Callable[[str], bool]:
    """Return what tells whether a text contains a match; FilterPatternError if AWS refuses the expression."""
    try:
        compiled = re.compile("".join(_translated(text)), re.DOTALL | re.ASCII)
    except re.error as error:
        raise FilterPatternError(f"%{text}%: {error}") from error
    return lambda value: compiled.search(value) is not None


def _translated(text: str) -> Iterator[str]:
    quantified = True  # nothing stands before a quantifier at the beginning
    for token in _TOKEN.finditer(text):
        if token["times"] and quantified:
            raise FilterPatternError(f"%{text}%: {token[0]} repeats nothing")
        quantified = bool(token["times"]) or token[0] in ("^", "|")
        yield _set(text, token["set"]) if token["set"] else token["times"] or _one(text, token)


def _one(text: str, token: re.Match[str]) -> str:
    """Return what Python calls one character of the expression."""
    if token["hexadecimal"]:
        return re.escape(chr(int(token[0][2:], 16)))
    if token["kind"]:
        return token[0]
    if token["escaped"] is not None:
        if token["escaped"] not in _SYMBOLS + _OPERATORS:
            raise FilterPatternError(f"%{text}%: {token[0]} means nothing; write {token['escaped']!r} as \\xhh")
        return re.escape(token["escaped"])
    if token["character"] in _ANCHORS:
        return _ANCHORS[token["character"]]
    return re.escape(_taken(text, token["character"], _SYMBOLS))


def _taken(text: str, character: str, besides: str) -> str:
    if not (character.isascii() and character.isalnum()) and character not in besides:
        raise FilterPatternError(f"%{text}%: write {character!r} as \\xhh, or with a backslash if it is an operator")
    return character


def _set(text: str, written: str) -> str:
    """Return a set of characters; a hyphen between two makes a range, and nothing else means anything to Python."""
    negated = written.startswith("[^")
    members = [_member(text, token) for token in _TOKEN.finditer(written[1 + negated : -1])]
    if "-" in members[1:-1] and "--" in "".join(members):
        raise FilterPatternError(f"%{text}%: two hyphens within {written}")
    if not members:
        raise FilterPatternError(f"%{text}%: {written} has no characters")
    for edge in {0, len(members) - 1}:
        members[edge] = "\\-" if members[edge] == "-" else members[edge]
    return f"[{'^' if negated else ''}{''.join(members)}]"


def _member(text: str, token: re.Match[str]) -> str:
    if token["set"] or token["times"]:
        return "".join(re.escape(_taken(text, character, _SYMBOLS + _OPERATORS)) for character in token[0])
    if token["character"] is None:
        return _one(text, token)
    return "-" if token[0] == "-" else re.escape(_taken(text, token[0], _SYMBOLS + _OPERATORS))
