"""A text with a variable, and the parts of other patterns that the variable's value reads."""

import pytest

from tableguard.prove.engine.automaton import Pattern, tokens_of
from tableguard.prove.engine.links.templates import VariableText, covers, like, parts_of_values, template
from tableguard.prove.engine.unproved import NotProvedError


def test_a_template_is_what_stands_before_and_behind_its_variable() -> None:
    assert template("GRP#${aws:PrincipalTag/t, 'x'}/*") == VariableText("GRP#", "aws:principaltag/t", "/*")
    assert template("a${*}${k:v}") == VariableText("a*", "k:v", "")
    for wrong in ("${a:b}${c:d}", "*${a:b}", "a?${a:b}"):
        with pytest.raises(NotProvedError):
            template(wrong)


@pytest.mark.parametrize(
    ("value", "other", "text", "covered"),
    [
        ("${k:v}", "abc", "abc", True),
        ("a${k:v}", "abc", "bc", True),
        ("a${k:v}", "abc", "b", False),
        ("a${k:v}c", "abc", "b", True),
        ("a${k:v}c", "a*c", "anything", True),
        ("x${k:v}", "abc", "bc", False),
        ("a${k:v}/*", "ab/c", "b", True),
    ],
)
def test_a_value_reads_what_is_left_of_a_pattern(value: str, other: str, text: str, covered: bool) -> None:
    parts = list(parts_of_values("k:v", [value], like([other])))
    assert any(covers(tokens, text) for tokens in parts) == covered


def test_tokens_cover_what_their_pattern_covers() -> None:
    tokens = tokens_of(Pattern("like", "a*b?"))
    assert [covers(tokens, text) for text in ("abx", "axxbx", "ab", "")] == [True, True, False, False]
