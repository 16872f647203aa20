"""Tables are defined, described and tagged as on AWS."""

from typing import Any

import pytest

from tests.worlds.items import put_item
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, of_plain_dynamodb, refused

VALIDATION = "ValidationException"


def _key(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


def _index(name: str, *keys: str, **projection: Any) -> dict[str, Any]:
    return {"IndexName": name, "KeySchema": _key(*keys), "Projection": {"ProjectionType": "ALL", **projection}}


def _types(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def an_update_names_the_keys_of_its_index_alone(aws: Aws) -> Any:
    table, client = aws.table(view=None), aws.client("dynamodb")
    put_item(aws, table, other="o")
    create = [{"Create": _index("by-other", "other")}]
    updated = client.update_table(
        TableName=table, AttributeDefinitions=_types("other"), GlobalSecondaryIndexUpdates=create
    )
    definitions = updated["TableDescription"]["AttributeDefinitions"]
    return sorted(definition["AttributeName"] for definition in definitions)


def a_table_has_the_size_of_its_items(aws: Aws) -> Any:
    """Sizes to the thousand, as 100 bytes an item and those of its index may be counted too."""
    sizes = []
    for count in (0, 3):
        table = aws.table()
        for number in range(count):
            put_item(aws, table, sk=str(number), text="x" * 400, at="a")
        described = aws.client("dynamodb").describe_table(TableName=table)["Table"]
        (index,) = described["GlobalSecondaryIndexes"]
        sizes.append([size // 1000 * 1000 for size in (described["TableSizeBytes"], index["IndexSizeBytes"])])
    return sizes


def an_update_makes_one_index(aws: Aws) -> Any:
    table, client = aws.table(view=None), aws.client("dynamodb")
    creations = [{"Create": _index(f"by-{name}", name)} for name in ("one", "two")]
    return [
        refused(
            client.update_table,
            TableName=table,
            AttributeDefinitions=_types(*("pk", "sk", "at"), *names),
            GlobalSecondaryIndexUpdates=creations[: len(names)],
        )
        for names in (("one", "two"), ("one",))
    ]


def an_index_is_described_whole(aws: Aws) -> Any:
    local = [_index("by-text", "pk", "text")]
    more = {"LocalSecondaryIndexes": local, "AttributeDefinitions": _types("pk", "sk", "at", "text")}
    table = aws.table(view=None, **more)
    put_item(aws, table, at="1")
    described = aws.client("dynamodb").describe_table(TableName=table)["Table"]
    return [
        [index["IndexArn"].removeprefix(described["TableArn"]), index["ItemCount"], index["IndexSizeBytes"] >= 0]
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        for index in described[kind]
    ]


def a_definition_holds_together(aws: Aws) -> Any:
    one, kinds = {"GlobalSecondaryIndexes": [_index("one", "at")]}, ("AttributeName", "KeyType")
    backwards = [dict(zip(kinds, pair, strict=True)) for pair in (("pk", "RANGE"), ("sk", "HASH"))]
    wrong: list[dict[str, Any]] = [
        {},
        one,
        {"KeySchema": backwards},
        {"AttributeDefinitions": [*_types("pk", "sk", "at"), *_types("at")]},
        {"GlobalSecondaryIndexes": [_index("one", "at"), _index("one", "sk")]},
        {"GlobalSecondaryIndexes": [_index("one", "at", NonKeyAttributes=["a"])]},
        {"GlobalSecondaryIndexes": [_index("one", "at", ProjectionType="INCLUDE")]},
        {"GlobalSecondaryIndexes": [_index("one", "at", ProjectionType="INCLUDE", NonKeyAttributes=["a", "a"])]},
        {**one, "LocalSecondaryIndexes": [_index("two", "sk", "at")]},
        {**one, "LocalSecondaryIndexes": [_index("two", "pk")]},
        {**one, "LocalSecondaryIndexes": [_index("two", "pk", "pk")]},
        {**one, "LocalSecondaryIndexes": [_index("one", "pk", "at")]},
    ]
    return [refused(aws.table, view=None, **definition) for definition in wrong]


def a_table_has_a_name_of_three_to_255_characters(aws: Aws) -> Any:
    create, more = aws.client("dynamodb").create_table, {"BillingMode": "PAY_PER_REQUEST"}
    return [
        refused(create, TableName=name, KeySchema=_key("pk"), AttributeDefinitions=_types("pk"), **more)
        for name in ("abc", "ab", "n" * 255, "n" * 256, "a@b")
    ]


def a_tag_is_replaced(aws: Aws) -> Any:
    client = aws.client("dynamodb")
    arn = client.describe_table(TableName=aws.table())["Table"]["TableArn"]
    for value in ("first", "second"):
        client.tag_resource(ResourceArn=arn, Tags=[{"Key": "Owner", "Value": value}])
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": str(number), "Value": ""} for number in range(20)])
    tags = client.list_tags_of_resource(ResourceArn=arn)["Tags"]
    return [tags[0]["Value"], len(tags)]


def a_tag_is_within_its_limits(aws: Aws) -> Any:
    client = aws.unchecked_client("dynamodb")
    arn = client.describe_table(TableName=aws.table())["Table"]["TableArn"]
    tags: list[Any] = [("a", "b"), ("a" * 129, "b"), ("a", "b" * 257), ("", "b"), ("a!", "b"), ("é-ß", "a@b.c")]
    tagged = [refused(client.tag_resource, ResourceArn=arn, Tags=[{"Key": key, "Value": value}]) for key, value in tags]
    fifty_one = [{"Key": f"k{number}", "Value": "v"} for number in range(51)]
    arns = [arn, f"{arn}x", f"{arn}/index/by-time", "table"]
    return [
        tagged,
        [refused(client.tag_resource, ResourceArn=arn, Tags=tags) for tags in ([], fifty_one, [{"Key": "a"}])],
        [refused(client.tag_resource, ResourceArn=name, Tags=[{"Key": "a", "Value": "b"}]) for name in arns],
    ]


CORRECTED = cases(
    Case(an_update_names_the_keys_of_its_index_alone, ["at", "other", "pk", "sk"]),
    Case(an_update_makes_one_index, ["LimitExceededException", "accepted"]),
    Case(a_table_has_the_size_of_its_items, [[0, 0], [1000, 1000]]),
    Case(an_index_is_described_whole, [["/index/by-time", 1, True], ["/index/by-text", 0, True]]),
    Case(a_definition_holds_together, [*["accepted"] * 2, *[VALIDATION] * 10]),
    Case(a_table_has_a_name_of_three_to_255_characters, ["accepted", VALIDATION, "accepted", VALIDATION, VALIDATION]),
    Case(a_tag_is_replaced, ["second", 21]),
    Case(
        a_tag_is_within_its_limits,
        [
            ["accepted", *[VALIDATION] * 4, "accepted"],
            [VALIDATION] * 3,
            ["accepted", "ResourceNotFoundException", VALIDATION, VALIDATION],
        ],
    ),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
