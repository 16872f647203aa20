"""Filter patterns choose the lines that AWS's page says, and what is not read is refused, never ignored."""

from collections.abc import Iterator

import pytest

from tableguard.local.moto.logs.patterns import PatternError, parse
from tests.worlds import invocations
from tests.worlds.edge import refusal
from tests.worlds.invocations import GROUP, World

TEXT = "[ERROR 400] BAD REQUEST of user-7"
JSON = '{"level": "ERROR", "event": "poison", "n": 3, "ok": false, "none": null, "a": [{"b": "x"}], "user-id": "u"}'


@pytest.mark.parametrize(
    ("pattern", "line", "matches"),
    [
        ("", TEXT, True),
        ("ERROR", TEXT, True),
        ("error", TEXT, False),
        ("ERROR BAD", TEXT, True),
        ("ERROR GOOD", TEXT, False),
        ('"BAD REQUEST"', TEXT, True),
        ('"REQUEST BAD"', TEXT, False),
        ('"user-7"', TEXT, True),
        ("ERROR -BAD", TEXT, False),
        ("ERROR -GOOD", TEXT, True),
        ('-"BAD REQUEST"', TEXT, False),
        ("?GOOD ?BAD", TEXT, True),
        ("?GOOD ?FINE", TEXT, False),
        ("ERROR", JSON, True),
        ('{ $.level = "ERROR" }', JSON, True),
        ('{ $.level = "INFO" }', JSON, False),
        ('{ $.level = "ERROR" }', TEXT, False),
        ("{ $.level = ERROR }", JSON, True),
        ('{ $.level = "ERR*" }', JSON, True),
        ('{ $.level = "ERR" }', JSON, False),
        ('{ $.level != "INFO" }', JSON, True),
        ('{ $.level != "ERROR" }', JSON, False),
        ('{ $.absent != "x" }', JSON, False),
        ("{ $.n = 3 }", JSON, True),
        ("{ $.n = 4 }", JSON, False),
        ('{ $.n = "3" }', JSON, False),
        ("{ $.n > 2 }", JSON, True),
        ("{ $.n > 3 }", JSON, False),
        ("{ $.n >= 3 && $.n < 3.5 }", JSON, True),
        ("{ $.n <= 2 || $.ok IS FALSE }", JSON, True),
        ("{ $.ok IS TRUE }", JSON, False),
        ("{ $.none IS NULL }", JSON, True),
        ("{ $.absent IS NULL }", JSON, False),
        ("{ $.absent NOT EXISTS }", JSON, True),
        ("{ $.n NOT EXISTS }", JSON, False),
        ('{ $.a[0].b = "x" }', JSON, True),
        ('{ $.a[1].b = "x" }', JSON, False),
        ('{ $.user-id = "u" }', JSON, True),
        ('{ ($.n = 1 || $.n = 3) && $.level = "ERROR" }', JSON, True),
        ('{ ($.n = 1 || $.n = 3) && $.level = "INFO" }', JSON, False),
        ('{ $.event = "[poison]" }', '{"event": "[poison]"}', True),
        ('{ $.event = "[poison]" }', '{"event": "p"}', False),
        ("{ $.n = 3 }", '{"n": true}', False),
    ],
)
def test_a_pattern_chooses_its_lines(pattern: str, line: str, matches: bool) -> None:
    assert parse(pattern)(line) is matches


@pytest.mark.parametrize(
    "pattern",
    [
        "%ERROR [0-9]+%",
        "[level, rest]",
        "user-7",
        "ERROR ?BAD",
        '"open',
        "{",
        "{ $.level }",
        '{ $.level = "ERROR"',
        '{ $.level = "ERROR" } more',
        "{ level = 1 }",
        '{ $.n > "two" }',
        "{ $.n ~ 3 }",
        "{ ($.n = 1 }",
    ],
)
def test_what_is_not_read_is_an_error(pattern: str) -> None:
    with pytest.raises(PatternError):
        parse(pattern)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with invocations.running() as running:
        running.invoke({"do": "say", "lines": ["alpha", JSON, "omega"]})
        yield running


def test_the_lines_of_a_function_are_sought_by_their_pattern(world: World) -> None:
    assert world.log_lines(filterPattern='{ $.event = "poison" }') == [f"{JSON}\n"]
    assert world.log_lines(filterPattern="?alpha ?omega")[1:] == ["alpha\n", "omega\n"]
    assert [line.split()[0] for line in world.log_lines(filterPattern="RequestId")] == ["START", "END", "REPORT"]


@pytest.mark.parametrize("arguments", [{"filterPattern": "%a%"}, {"logStreamNamePrefix": "2026"}])
def test_what_is_not_read_is_refused_in_words(world: World, arguments: dict[str, str]) -> None:
    world.client("logs").create_log_group(logGroupName="/empty")
    for group in (GROUP, "/empty"):
        answer = refusal(world.client("logs").filter_log_events, logGroupName=group, **arguments)
        assert answer[:2] == (400, "NotModelled")
    world.client("logs").delete_log_group(logGroupName="/empty")
