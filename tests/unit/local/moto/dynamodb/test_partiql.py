"""PartiQL reads and writes items as the requests that its statements are; what is not read is refused in words."""

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


def conditions_are_read_as_the_page_has_them(aws: Aws) -> Any:
    table = _table(aws)
    put_item(aws, table, sk="n", gone={"NULL": True})
    conditions = (
        "pk IN ['p'] AND sk IN ['a', 'b']", "pk='p' AND n IN (97, 98)", "pk='p' AND gone IS NULL",
        "pk='p' AND gone IS NOT NULL AND n IS NOT MISSING", "pk='p' AND n IS MISSING", "pk='p' AND size(deep)>0",
        "pk='p' AND NOT (n=97 OR n=98)", "(pk='p' AND sk='a') OR (pk='other' AND sk='a')",
    )  # fmt: skip
    return [sorted(_keys(aws, table, f" WHERE {condition}")) for condition in conditions]


def answers_come_in_pages(aws: Aws) -> Any:
    table, client = _table(aws), aws.client("dynamodb")
    pages = []
    for rest in (" WHERE pk='p'", " WHERE pk='p' AND n>97", " WHERE pk='none'", ""):
        request: dict[str, Any] = {"Statement": f'SELECT sk FROM "{table}"{rest}', "Limit": 2}  # noqa: S608
        while True:
            answer = client.execute_statement(**request)
            pages.append([each["sk"]["S"] for each in answer["Items"]] if rest else len(answer["Items"]))
            if "NextToken" not in answer:
                break
            request["NextToken"] = answer["NextToken"]
    bad = refused(client.execute_statement, Statement=f'SELECT * FROM "{table}"', NextToken="none")  # noqa: S608
    return pages, bad


def paths_are_selected_by_their_last_names(aws: Aws) -> Any:
    table, client = _table(aws), aws.client("dynamodb")
    put_item(aws, table, sk="a", deep={"M": {"x": {"L": [{"N": "1"}, {"N": "2"}]}}})
    statement = f"SELECT sk, deep.x[1], deep.none FROM \"{table}\" WHERE pk='p' AND sk='a'"  # noqa: S608
    return sorted(client.execute_statement(Statement=statement)["Items"][0].items())


def an_update_changes_an_item_that_is_there(aws: Aws) -> Any:
    table = _table(aws)
    where = "WHERE pk='p' AND sk='a'"
    changes = (
        f"SET z=1 {where} RETURNING MODIFIED NEW *", f"SET z=z+2, deep.n='x' REMOVE n {where} RETURNING MODIFIED OLD *",
        f"SET z=9 {where} AND z=3", f"SET z=9 {where} AND z=4", "SET z=1 WHERE pk='p' AND sk='none'",
        "SET z=1 WHERE pk='p'", f"REMOVE z {where} RETURNING ALL NEW *",
    )  # fmt: skip
    return [_changed(aws, f'UPDATE "{table}" {change}') for change in changes]


def a_delete_takes_one_item_away(aws: Aws) -> Any:
    table = _table(aws)
    where = "WHERE pk='p' AND sk='a'"
    rests = f"{where} AND n=1", f"{where} RETURNING ALL OLD *", f"{where} AND n=1", "WHERE pk='p'"
    gone = [_changed(aws, f'DELETE FROM "{table}" {rest}') for rest in rests]  # noqa: S608
    return gone, _keys(aws, table, " WHERE pk='p'")


def _changed(aws: Aws, statement: str) -> Any:
    outcome: list[Any] = []

    def change() -> None:
        answer = aws.client("dynamodb").execute_statement(Statement=statement)
        outcome.extend(sorted(item.items()) for item in answer["Items"])

    error = refused(change)
    return error if error != "accepted" else outcome


def an_order_is_that_of_the_keys(aws: Aws) -> Any:
    table, client = _table(aws), aws.client("dynamodb")
    rests = "", " WHERE n=97", " WHERE pk='p'"
    statements = [f'SELECT sk FROM "{table}"{rest} ORDER BY {key}' for rest in rests for key in ("sk DESC", "n")]  # noqa: S608
    refusals = [refused(client.execute_statement, Statement=statement) for statement in statements]
    return refusals, [_keys(aws, table, f" WHERE pk='p' ORDER BY sk {how}") for how in ("DESC", "ASC")]


def what_is_not_read_is_refused_in_words(aws: Aws) -> Any:
    table, client = _table(aws), aws.client("dynamodb")
    statement = f"UPDATE \"{table}\" SET l=list_append(l, [1]) WHERE pk='p' AND sk='a'"  # noqa: S608
    put_item(aws, table, sk="a", l={"L": []})
    return refused(client.execute_statement, Statement=statement)


ITEM = {"at": {"S": "a"}, "deep": DEEP, "pk": {"S": "p"}, "sk": {"S": "a"}, "text": {"S": "it's"}}


def attributes(item: dict[str, Any]) -> list[list[Any]]:
    """An item as a case answers it."""
    return [[name, value] for name, value in sorted(item.items())]


PARTS = [["binary", {"B": repr(BINARY["B"])}], ["deep", DEEP]]
CORRECTED = cases(
    Case(
        a_select_finds_what_it_asks_for,
        [[*"abc"], [*"bc"], [*"ab"], ["c"], [*"ab"], ["a"], [*"abc"], [*"ac"], [*"abc"], ["a"]],
    ),
    Case(an_index_has_its_items, [["b"], []]),
    Case(an_item_comes_whole, [[*PARTS, ["pk", {"S": "p"}], ["sk", {"S": "whole"}]], PARTS]),
    Case(an_insert_makes_an_item_that_was_not_there, [["accepted", "DuplicateItem"], DEEP]),
    Case(
        conditions_are_read_as_the_page_has_them,
        [[*"ab"], [*"ab"], ["n"], [*"abc"], ["n"], [*"abc"], [*"cn"], [*"aa"]],
    ),
    Case(
        answers_come_in_pages,
        [[[*"ab"], ["c"], ["b"], ["c"], [], 2, 2, 0], "ValidationException"],
    ),
    Case(paths_are_selected_by_their_last_names, [["sk", {"S": "a"}], ["x[1]", {"N": "2"}]]),
    Case(
        an_update_changes_an_item_that_is_there,
        [
            [[["z", {"N": "1"}]]],
            [[["deep", {"M": {"n": {"N": "1"}}}], ["n", {"N": "97"}], ["z", {"N": "1"}]]],
            [],
            "ConditionalCheckFailedException",
            "ConditionalCheckFailedException",
            "ValidationException",
            [attributes(ITEM | {"deep": {"M": {"n": {"S": "x"}}}})],
        ],
    ),
    Case(
        a_delete_takes_one_item_away,
        [
            ["ConditionalCheckFailedException", [attributes(ITEM | {"n": {"N": "97"}})], [], "ValidationException"],
            [*"bc"],
        ],
    ),
    Case(
        an_order_is_that_of_the_keys,
        [[*["ValidationException"] * 4, "accepted", "ValidationException"], [[*"cba"], [*"abc"]]],
    ),
    Case(what_is_not_read_is_refused_in_words, "NotModelled"),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
