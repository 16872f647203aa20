"""A SELECT finds what it asks for, an INSERT makes an item that was not there, and no more of PartiQL is modelled."""

from typing import Any

import pytest

from tests.worlds.items import put_item
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, of_plain_dynamodb, refused

DEEP, BINARY = {"M": {"n": {"N": "1"}}}, {"B": b"\x00\xff"}


def _table(aws: Aws) -> str:
    table = aws.table()
    for sk in "cab":
        put_item(aws, table, sk=sk, at=sk, text="it's", deep=DEEP, n={"N": str(ord(sk))})
    put_item(aws, table, pk="other", sk="a")
    return table


def _keys(aws: Aws, table: str, rest: str, *parameters: dict[str, Any]) -> list[str]:
    more = {"Parameters": list(parameters)} if parameters else {}
    answer = aws.client("dynamodb").execute_statement(Statement=f'SELECT sk FROM "{table}"{rest}', **more)  # noqa: S608
    return [each["sk"]["S"] for each in answer["Items"]]


def a_select_finds_what_it_asks_for(aws: Aws) -> Any:
    table = _table(aws)
    conditions = (
        "pk='p'", "pk = 'p' AND sk>='b'", "pk='p' and sk between 'a' AND 'b'", "pk='p' AND begins_with(sk, 'c')",
        "pk='p' AND n<99", "pk='p' AND (sk='a' OR sk='b') AND sk<>'b'", "pk='p' AND contains(\"text\", '''s')",
        "pk='p' AND NOT sk='b'", "pk='p' AND deep.n=1",
    )  # fmt: skip
    found = [_keys(aws, table, f" WHERE {condition}") for condition in conditions]
    return [*found, _keys(aws, table, " WHERE pk=? AND sk<?", {"S": "p"}, {"S": "b"})]


def an_index_has_its_items(aws: Aws) -> Any:
    table = _table(aws)
    return [
        _keys(aws, table, rest) for rest in (".\"by-time\" WHERE pk='p' AND \"at\"='b'", ".\"by-time\" WHERE pk='none'")
    ]


def an_item_comes_whole(aws: Aws) -> Any:
    table, client = _table(aws), aws.client("dynamodb")
    put_item(aws, table, sk="whole", deep=DEEP, binary=BINARY)
    statements = [f"SELECT {what} FROM \"{table}\" WHERE pk='p' AND sk='whole'" for what in ("*", "deep, binary")]  # noqa: S608
    return [sorted(client.execute_statement(Statement=statement)["Items"][0].items()) for statement in statements]


def an_insert_makes_an_item_that_was_not_there(aws: Aws) -> Any:
    table, client = _table(aws), aws.client("dynamodb")
    statement = f"INSERT INTO \"{table}\" VALUE {{'pk': 'p', 'sk': 'd', 'deep': {{'n': 1}}}}"
    made = [refused(client.execute_statement, Statement=statement) for _ in range(2)]
    return made, client.get_item(TableName=table, Key={"pk": {"S": "p"}, "sk": {"S": "d"}})["Item"]["deep"]


def what_partiql_has_besides_is_refused_in_words(aws: Aws) -> Any:
    table, client = _table(aws), aws.client("dynamodb")
    where = "WHERE pk='p' AND sk='a'"
    statements = (
        f'SELECT * FROM "{table}" {where}', f'SELECT sk FROM "{table}" {where} ORDER BY sk DESC',  # noqa: S608
        f'SELECT deep.n FROM "{table}" {where}', f'UPDATE "{table}" SET z=1 {where} RETURNING ALL NEW *',  # noqa: S608
        f'DELETE FROM "{table}" {where}',  # noqa: S608
    )  # fmt: skip
    limited = refused(client.execute_statement, Statement=statements[0], Limit=1)
    return [*(refused(client.execute_statement, Statement=statement) for statement in statements), limited]


PARTS = [["binary", {"B": repr(BINARY["B"])}], ["deep", DEEP]]
CORRECTED = cases(
    Case(
        a_select_finds_what_it_asks_for,
        [[*"abc"], [*"bc"], [*"ab"], ["c"], [*"ab"], ["a"], [*"abc"], [*"ac"], [*"abc"], ["a"]],
    ),
    Case(an_index_has_its_items, [["b"], []]),
    Case(an_item_comes_whole, [[*PARTS, ["pk", {"S": "p"}], ["sk", {"S": "whole"}]], PARTS]),
    Case(an_insert_makes_an_item_that_was_not_there, [["accepted", "DuplicateItem"], DEEP]),
    Case(what_partiql_has_besides_is_refused_in_words, ["accepted", *["NotModelled"] * 5]),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
