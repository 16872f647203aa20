"""Parameters of before there were expressions mean what the expressions mean."""

from typing import Any

import pytest

from tests.worlds.items import KEY, get_item, put_item
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, item, of_plain_dynamodb, refused

EVERY_TYPE: dict[str, Any] = {
    "b": {"B": b"\x00\xff"},
    "bs": {"BS": [b"a"]},
    "is": {"BOOL": True},
    "n": {"N": "1"},
    "ns": {"NS": ["1"]},
    "nil": {"NULL": True},
    "l": {"L": [{"S": "a"}]},
    "m": {"M": {"a": {"B": b"b"}}},
    "ss": {"SS": ["a"]},
    "t": {"S": "t"},
}
HELD, FAILED, REFUSED = "accepted", "ConditionalCheckFailedException", "ValidationException"


def _update(aws: Aws, table: str, changes: dict[str, Any], **more: Any) -> Any:
    return aws.client("dynamodb").update_item(TableName=table, Key=KEY, AttributeUpdates=changes, **more)


def an_attribute_is_put_with_the_type_that_it_has(aws: Aws) -> Any:
    table = aws.table()
    _update(aws, table, {name: {"Action": "PUT", "Value": value} for name, value in EVERY_TYPE.items()})
    return get_item(aws, table) == item(**EVERY_TYPE)


def elements_are_added_and_deleted_and_an_empty_set_is_gone(aws: Aws) -> Any:
    table, letters = aws.table(), {"Value": {"BS": [b"a"]}}
    put_item(aws, table, bs={"BS": [b"b"]}, gone={"BS": [b"a"]}, n={"N": "1"}, t="t")
    changes = {
        "bs": {"Action": "ADD", **letters},
        "gone": {"Action": "DELETE", **letters},
        "n": {"Action": "ADD", "Value": {"N": "2.5"}},
        "t": {"Action": "DELETE"},
    }
    _update(aws, table, changes)
    changed = get_item(aws, table)
    return sorted(changed.pop("bs")["BS"]) == [b"a", b"b"], changed


def an_update_without_a_value_deletes(aws: Aws) -> Any:
    table = aws.table()
    return [refused(_update, aws, table, {"a": {"Action": action}}) for action in ("PUT", "ADD")]


def _expected(aws: Aws, conditions: list[dict[str, Any]], **more: Any) -> list[str]:
    table, client, answers = aws.table(), aws.client("dynamodb"), []
    for expected in conditions:
        put_item(aws, table, n={"N": "5"}, t="hello", b={"B": b"hello"})
        answers.append(refused(client.delete_item, TableName=table, Key=KEY, Expected=expected, **more))
    return answers


def _is(how: str, *values: dict[str, Any]) -> dict[str, Any]:
    return {"ComparisonOperator": how, "AttributeValueList": list(values)}


def a_deletion_heeds_what_is_expected(aws: Aws) -> Any:
    five, six = {"N": "5.0"}, {"N": "6"}
    return _expected(
        aws,
        [
            {"n": {"Value": five}},
            {"n": {"Value": six}},
            {"n": {"Value": five, "Exists": True}},
            {"n": {"Exists": False}},
            {"x": {"Exists": False}},
            {"n": _is("BETWEEN", five, six)},
            {"n": _is("IN", six, five)},
            {"n": _is("LT", five)},
            {"t": _is("GT", five)},
            {"b": _is("CONTAINS", {"B": b"ell"})},
            {"t": _is("NOT_CONTAINS", {"S": "ell"})},
            {"x": _is("NE", five)},
            {"x": {"ComparisonOperator": "NULL"}},
            {"n": {"Value": five}, "t": {"Value": {"S": "other"}}},
        ],
    )


def one_of_several_is_expected_where_the_request_says_so(aws: Aws) -> Any:
    several = {"n": {"Value": {"N": "5"}}, "t": {"Value": {"S": "other"}}}
    return [*_expected(aws, [several], ConditionalOperator="OR"), *_expected(aws, [several], ConditionalOperator="AND")]


def conditions_are_joined_where_there_are_two(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    both = {"n": _is("EQ", {"N": "1"}), "t": _is("EQ", {"S": "a"})}
    one: dict[str, Any] = {"n": both["n"]}
    query = {"TableName": table, "KeyConditions": {"pk": _is("EQ", {"S": "p"}), "sk": _is("GE", {"S": "s"})}}
    joint = {"ConditionalOperator": "AND"}
    return [
        [refused(client.scan, TableName=table, ScanFilter=filters, **joint) for filters in (both, one)],
        [refused(client.query, **query, **joint, **more) for more in ({"QueryFilter": both}, {"QueryFilter": one}, {})],
        [refused(client.delete_item, TableName=table, Key=KEY, Expected=one, **more) for more in ({}, joint)],
    ]


def what_cannot_be_expected_is_refused(aws: Aws) -> Any:
    five = {"N": "5"}
    return _expected(
        aws,
        [
            {"n": {"Exists": True}},
            {"n": {"Exists": False, "Value": five}},
            {"n": {**_is("EQ", five), "Value": five}},
            {"n": _is("EQ")},
            {"n": _is("EQ", five, five)},
            {"n": _is("NULL", five)},
            {"n": _is("BETWEEN", five)},
            {"n": _is("LE", {"L": []})},
            {"n": _is("CONTAINS", {"NS": ["5"]})},
            {"n": {}},
            {"n": _is("IN", five, {"S": "5"})},
        ],
    )


def filters_of_a_scan_are_joined_as_it_says(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    put_item(aws, table, sk="1", n={"N": "1"}, t="a")
    put_item(aws, table, sk="2", n={"N": "2"}, t="a")
    filters = {"n": _is("EQ", {"N": "1.0"}), "t": _is("BEGINS_WITH", {"S": "a"})}
    return [
        client.scan(TableName=table, ScanFilter=filters, ConditionalOperator=joint)["Count"] for joint in ("AND", "OR")
    ]


def a_list_is_added_at_the_end_and_begun_where_there_is_none(aws: Aws) -> Any:
    table, added = aws.table(), {"Action": "ADD", "Value": {"L": [{"S": "b"}]}}
    put_item(aws, table, l={"L": [{"S": "a"}]})
    _update(aws, table, {"l": added, "m": added})
    return get_item(aws, table)


def a_request_has_as_many_of_them_as_it_likes(aws: Aws) -> Any:
    table, names = aws.table(), [f"attribute{n}" for n in range(400)]
    _update(aws, table, {name: {"Action": "PUT", "Value": {"BOOL": True}} for name in names})
    return len(get_item(aws, table))


UNCHANGED = cases(
    Case(
        a_list_is_added_at_the_end_and_begun_where_there_is_none,
        item(l={"L": [{"S": "a"}, {"S": "b"}]}, m={"L": [{"S": "b"}]}),
    ),
    Case(a_request_has_as_many_of_them_as_it_likes, 402),
)
CORRECTED = cases(
    Case(conditions_are_joined_where_there_are_two, [[HELD, REFUSED], [HELD, REFUSED, REFUSED], [FAILED, REFUSED]]),
    Case(an_attribute_is_put_with_the_type_that_it_has, True),
    Case(elements_are_added_and_deleted_and_an_empty_set_is_gone, [True, item(n={"N": "3.5"})]),
    Case(an_update_without_a_value_deletes, [REFUSED] * 2),
    Case(
        a_deletion_heeds_what_is_expected,
        [HELD, FAILED, HELD, FAILED, HELD, HELD, HELD, FAILED, FAILED, HELD, FAILED, HELD, HELD, FAILED],
    ),
    Case(one_of_several_is_expected_where_the_request_says_so, [HELD, FAILED]),
    Case(what_cannot_be_expected_is_refused, [REFUSED] * 11),
    Case(filters_of_a_scan_are_joined_as_it_says, [1, 2]),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer


@pytest.mark.parametrize("name", UNCHANGED)
def test_what_plain_moto_answers_as_aws_does_stays(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, UNCHANGED[name])
