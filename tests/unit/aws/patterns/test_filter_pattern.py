"""Filter patterns select the lines that AWS's pages say, and what AWS refuses is refused in words."""

import json
from random import Random

import pytest

from tableguard.aws.patterns.filter_pattern import FilterPatternError, Term, fields_of, necessary, parse, terms
from tests.cases.filter_patterns import CASES, JSON, REFUSED, SPACE_DELIMITED, Case


@pytest.mark.parametrize("case", CASES, ids=[case.pattern for case in CASES])
def test_a_pattern_selects_its_lines_and_no_others(case: Case) -> None:
    matches = parse(case.pattern)
    assert [line for line in (*case.selected, *case.others) if matches(line)] == list(case.selected)


@pytest.mark.parametrize("cases", [JSON, SPACE_DELIMITED], ids=["JSON", "space-delimited"])
@pytest.mark.parametrize("sign", ["=", "!=", "<", "<=", ">", ">=", "&&", "||", "(", "*", "%"])
def test_each_operator_has_its_example(cases: tuple[Case, ...], sign: str) -> None:
    assert any(sign in case.pattern for case in cases)


@pytest.mark.parametrize(("pattern", "why"), REFUSED.items())
def test_what_aws_refuses_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(FilterPatternError) as caught:
        parse(pattern)
    assert why in str(caught.value)


@pytest.mark.parametrize("line", ["{}", '{"a": null}', '{"a": false}'])
def test_what_no_page_says_can_be_answered_both_ways(line: str) -> None:
    assert parse('{ $.a != "x" }', unsaid=True)(line)
    assert not parse('{ $.a != "x" }', unsaid=False)(line)
    assert not parse('{ $.a = "x" }', unsaid=True)(line)


_PIECES = (
    *(
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        "%",
        '"',
        "'",
        "\\",
        "*",
        ",",
        "...",
        "$",
        "$.a",
        "$.a[0]",
        "$.*",
        "$.['a.b']",
        "?",
        "-",
    ),
    *(
        "=",
        "!=",
        "<",
        ">=",
        "&&",
        "||",
        " NOT EXISTS ",
        " IS NULL ",
        " IS ",
        "a",
        "B1",
        "1e3",
        "+4",
        ".5",
        "é",
        " ",
        "\t",
        "\n",
    ),
    *(
        "^",
        "|",
        "+",
        "{1,2}",
        "[a-z]",
        "[^",
        r"\d",
        r"\x41",
        "#",
        ":",
        "a-b",
        "4*",
        "*z",
        "w1",
        "1e999999999999999999999",
    ),
)
_LINES = (
    "",
    "a B1 4",
    '{"a": "B1"}',
    '{"a": [1e999999999999999999999, null], "a.b": {}}',
    '[1] "a b" 3',
    "é\n",
    "[[[",
    '{"a":',
)


def test_any_text_is_read_or_refused_in_words() -> None:
    random = Random(14)  # noqa: S311  # repeatable
    read, refusals = 0, []
    for _ in range(20_000):
        start, end = random.choice((("{", "}"), ("[", "]"), ("%", "%"), ("", "")))
        pattern = f"{start} {''.join(random.choices(_PIECES, k=random.randint(0, 7)))}{end}"
        try:
            matches = parse(pattern)
        except FilterPatternError as error:
            refusals.append(str(error))
            continue
        read += 1
        assert {matches(line) for line in _LINES} <= {True, False}, pattern
    assert read > 1_000
    assert all(refusals)


def test_conditions_joined_at_random_hold_as_python_joins_them() -> None:
    random = Random(14)  # noqa: S311  # repeatable
    for _ in range(2_000):
        terms = [random.choice(("a", "b", "c")) for _ in range(random.randint(1, 5))]
        joiners = [random.choice(("&&", "||")) for _ in terms[1:]]
        values = {name: random.random() < 0.5 for name in "abc"}
        opens = random.randrange(len(terms))
        closes = random.randrange(opens, len(terms))
        written = _joined([f"$.{name} IS TRUE" for name in terms], joiners, opens, closes)
        python = _joined([str(values[name]) for name in terms], joiners, opens, closes)
        expected = eval(python.replace("&&", "and").replace("||", "or"))  # noqa: S307  # of our own making
        assert parse(f"{{ {written} }}")(json.dumps(values)) is expected, (written, values)


def _joined(terms: list[str], joiners: list[str], opens: int, closes: int) -> str:
    """Return terms with what joins them, and one pair of parentheses around some."""
    around = [f"{'(' * (n == opens)}{term}{')' * (n == closes)}" for n, term in enumerate(terms)]
    return " ".join(part for pair in zip(around, [*joiners, ""], strict=True) for part in pair)


@pytest.mark.parametrize(
    ("pattern", "fields", "possible"),
    [
        ('{ $.a = "x" && $.b = "y" }', {"a": "x"}, True),
        ('{ $.a = "x" && $.b = "y" }', {"a": "z"}, False),
        ('{ $.a = "x" || $.b = "y" }', {"a": "z"}, True),
        ("{ $.a NOT EXISTS }", {"a": "x"}, False),
        ("a term", {"a": "z"}, True),
    ],
)
def test_what_is_necessary_for_a_match_says_nothing_of_other_fields(
    pattern: str, fields: dict[str, str], possible: bool
) -> None:
    assert necessary(pattern, frozenset(("$.a",)))(fields) is possible


def test_a_line_that_a_pattern_selects_fulfils_what_is_necessary() -> None:
    random = Random(14)  # noqa: S311  # repeatable
    questions = ('= "x"', '!= "x"', "= 1", "> 0", "IS NULL", "IS TRUE", "NOT EXISTS", "= x*")
    impossible = 0
    for _ in range(5_000):
        terms = [f"$.{random.choice('abc')} {random.choice(questions)}" for _ in range(random.randint(1, 4))]
        joiners = [random.choice(("&&", "||")) for _ in terms[1:]]
        pattern = f"{{ {_joined(terms, joiners, 0, random.randrange(len(terms)))} }}"
        fields = {name: random.choice(("x", "xy", "y", 1, None, True)) for name in "abc" if random.random() < 0.8}
        line = json.dumps(fields)
        known = {name: value for name, value in (fields_of(line) or {}).items() if name != "c"}
        possible = necessary(pattern, frozenset({"$.a", "$.b"}))(known)
        assert possible or not parse(pattern)(line), (pattern, fields)
        impossible += not possible
    assert impossible > 500


def test_the_terms_of_a_pattern_are_its_selectors_signs_and_operands() -> None:
    pattern = '{ ($.a.b = "x y") && ($.c[0] NOT  EXISTS || $.d != %e+%) && $.f >= 3 && $.g IS TRUE }'
    assert terms(pattern) == (
        Term("$.a.b", "=", "x y"),
        Term("$.c[0]", "NOT EXISTS"),
        Term("$.d", "!=", "%e+%"),
        Term("$.f", ">=", "3"),
        Term("$.g", "IS TRUE"),
    )
    assert terms('"$.a = 3"') == terms("[a, b]") == ()
