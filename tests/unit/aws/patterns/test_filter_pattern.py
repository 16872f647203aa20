"""Filter patterns select the lines that AWS's pages say, and what AWS refuses is refused in words."""

import pytest

from tableguard.aws.patterns.filter_pattern import FilterPatternError, parse
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
