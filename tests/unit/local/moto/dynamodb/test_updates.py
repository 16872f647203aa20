"""An update changes the item as it was, together, and returns exactly what it changed; what is no update is refused."""

from typing import Any

import pytest

from tests.worlds.items import KEY, ONE, get_item, put_item, touch, update_item
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, of_plain_dynamodb, refused

_RETURNED = ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")


def an_update_of_nothing_returns_what_was_and_is_but_nothing_new(aws: Aws) -> Any:
    answers = []
    for values in _RETURNED:
        table = aws.table()
        answers.append([touch(aws, table, ReturnValues=values) for _ in range(2)])
    return answers


def an_update_that_makes_an_item_returns_no_key_as_new(aws: Aws) -> Any:
    values = {"ReturnValues": "UPDATED_NEW"}
    return update_item(aws, aws.table(), "SET a = :one", ONE, **values)["Attributes"]


def updates_compute(aws: Aws) -> Any:
    table = aws.table()
    put_item(
        aws,
        table,
        n={"N": "5"},
        items={"L": [{"S": "a"}]},
        tags={"SS": ["a", "b"]},
        gone="x",
        deep={"M": {"k": {"S": "v"}}},
    )
    expression = (
        "SET n = n - :one, #i = list_append(#i, :l), m = if_not_exists(m, :one), deep.j = :one "
        "REMOVE gone ADD c :one DELETE tags :a"
    )
    values = {**ONE, ":l": {"L": [{"S": "b"}]}, ":a": {"SS": ["a"]}}
    names = {"#i": "items"}
    returned = [
        update_item(aws, table, expression, values, ExpressionAttributeNames=names, ReturnValues=which).get(
            "Attributes"
        )
        for which in ("ALL_OLD", "ALL_NEW", "UPDATED_OLD")
    ]
    return returned, get_item(aws, table)


def _lists(aws: Aws, expression: str, values: dict[str, Any]) -> Any:
    table = aws.table()
    put_item(aws, table, l={"L": [{"N": str(n)} for n in range(4)]}, m={"M": {"a": {"S": "a"}}})
    code = refused(update_item, aws, table, expression, values)
    return code, [next(iter(element.values())) for element in get_item(aws, table)["l"]["L"]]


def indexes_are_those_of_the_list_before(aws: Aws) -> Any:
    return [
        _lists(aws, "REMOVE l[0] SET l[1] = :one", ONE),
        _lists(aws, "SET l[3] = :one REMOVE l[0], l[2]", ONE),
        _lists(aws, "SET l[9] = :b, l[7] = :a", {":a": {"S": "a"}, ":b": {"S": "b"}}),
        _lists(aws, "SET l[0] = l[3], l[3] = l[0], x = :one", ONE),
    ]


def what_is_no_update_is_refused(aws: Aws) -> Any:
    table = aws.table()
    put_item(aws, table, n={"N": "1"}, t="t", l={"L": []}, m={"M": {"a": {"S": "a"}}})
    values = {":n": {"N": "1"}, ":t": {"S": "t"}, ":l": {"L": []}, ":s": {"SS": ["a"]}}
    wrong = [
        "SET n = :n + :n + :n",
        "SET n = :t + :n",
        "SET n = t + :n",
        "SET m.a = :n, m = :n",
        "SET l[0] = :n, l.a = :n",
        "SET t.a = :n",
        "SET l.a = :n",
        "SET x.a = :n",
        "REMOVE x.a",
        "SET x = gone",
        "SET x = list_append(l, :n)",
        "SET x = list_append(n, :l)",
        "SET x = if_not_exists(:n, :n)",
        "SET x = contains(t, :t)",
        "SET pk = :t",
        "SET x = :n SET y = :n",
        "ADD t :n",
        "ADD x :t",
        "ADD n :s",
        "DELETE n :n",
        "DELETE t :s",
        "SET _x = :n",
        "SET x = :n,",
        "PUT x = :n",
        "SET x = list_append(list_append(l, :l), :l)",
        "SET x = list_append(if_not_exists(x, :l), :l) REMOVE m.b, l[7]",
    ]
    answers = []
    for text in wrong:
        used = {name: value for name, value in values.items() if name in text}
        change = {"UpdateExpression": text, **({"ExpressionAttributeValues": used} if used else {})}
        answers.append(refused(aws.client("dynamodb").update_item, TableName=table, Key=KEY, **change))
    return answers


def an_absent_item_is_not_made_where_nothing_is_set(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    remove = {"UpdateExpression": "REMOVE a, b", "ReturnConsumedCapacity": "TOTAL"}
    units = client.update_item(TableName=table, Key=KEY, **remove)["ConsumedCapacity"]["CapacityUnits"]
    client.update_item(TableName=table, Key=KEY, AttributeUpdates={"a": {"Action": "DELETE"}})
    absent = get_item(aws, table)
    update_item(aws, table, "REMOVE a SET b = :one", ONE)
    return units, absent, get_item(aws, table)


_BEFORE = {**KEY, "n": {"N": "5"}, "items": {"L": [{"S": "a"}]}, "tags": {"SS": ["a", "b"]}, "gone": {"S": "x"}}
_ONCE = {**KEY, "n": {"N": "3"}, "items": {"L": [{"S": c} for c in "abb"]}, "tags": {"SS": ["b"]}, "m": {"N": "1"}}
COMPUTED = [
    [
        {**_BEFORE, "deep": {"M": {"k": {"S": "v"}}}},
        {**_ONCE, "deep": {"M": {"k": {"S": "v"}, "j": {"N": "1"}}}, "c": {"N": "2"}},
        {
            "n": {"N": "3"},
            "items": {"L": [{"S": c} for c in "abb"]},
            "m": {"N": "1"},
            "deep": {"M": {"j": {"N": "1"}}},
            "c": {"N": "2"},
            "tags": {"SS": ["b"]},
        },
    ],
    {
        **_ONCE,
        "n": {"N": "2"},
        "items": {"L": [{"S": c} for c in "abbb"]},
        "deep": {"M": {"k": {"S": "v"}, "j": {"N": "1"}}},
        "c": {"N": "3"},
    },
]
CORRECTED = cases(
    Case(
        an_update_of_nothing_returns_what_was_and_is_but_nothing_new,
        [[None, None], [None, KEY], [KEY, KEY], [None, None], [None, None]],
    ),
    Case(an_update_that_makes_an_item_returns_no_key_as_new, {"a": {"N": "1"}}),
    Case(updates_compute, COMPUTED),
    Case(
        indexes_are_those_of_the_list_before,
        [
            ["accepted", ["1", "2", "3"]],
            ["accepted", ["1", "1"]],
            ["accepted", ["0", "1", "2", "3", "a", "b"]],
            ["accepted", ["3", "1", "2", "0"]],
        ],
    ),
    Case(what_is_no_update_is_refused, [*["ValidationException"] * 25, "accepted"]),
    Case(an_absent_item_is_not_made_where_nothing_is_set, [1.0, None, {**KEY, "b": {"N": "1"}}]),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
