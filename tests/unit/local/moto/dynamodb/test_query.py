"""A query reads one partition and sorts nothing else; a page as long as its limit has a token."""

from typing import Any

import pytest
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from tableguard.local.moto.dynamodb import query as moto_query
from tests.engines import MOTO
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, item, of_plain_dynamodb


def a_page_of_its_limit_has_a_token(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    for sk in "ab":
        client.put_item(TableName=table, Item=item(sk=sk, at=sk))
    query = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}
    nothing = {"FilterExpression": "attribute_exists(a)"}
    return [
        [
            client.query(TableName=table, **query, **more, Limit=limit).get("LastEvaluatedKey"),
            client.scan(TableName=table, **more, Limit=limit).get("LastEvaluatedKey"),
        ]
        for more in ({}, nothing, {"IndexName": "by-time"}, {"Select": "COUNT"})
        for limit in (2, 3)
    ]


END, OF_INDEX = item(sk="b"), item(sk="b", at="b")
CORRECTED = cases(
    Case(
        a_page_of_its_limit_has_a_token,
        [[END] * 2, [None] * 2, [END] * 2, [None] * 2, [OF_INDEX] * 2, [None] * 2, [END] * 2, [None] * 2],
    ),
)
of_moto = pytest.mark.parametrize("aws", [MOTO], indirect=True)


@of_moto
def test_a_query_sorts_its_own_partition_only(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    table, client = aws.table(view=None), aws.client("dynamodb")
    for n in range(100):
        client.put_item(TableName=table, Item=item(pk=f"p{n}", at="1"))
    compared: list[DynamoType] = []
    less = DynamoType.__lt__

    def counted(one: DynamoType, other: DynamoType) -> bool:
        compared.append(one)
        return less(one, other)

    monkeypatch.setattr(DynamoType, "__lt__", counted)
    query = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p7"}}}
    found = [client.query(TableName=table, **query, **index)["Count"] for index in ({}, {"IndexName": "by-time"})]
    assert found == [1, 1]
    assert compared == []


@of_moto
def test_an_index_of_the_tables_partition_key_is_searched_in_one_partition(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, client = aws.table(view=None), aws.client("dynamodb")
    for n in range(10):
        client.put_item(TableName=table, Item=item(pk=f"p{n}", at="1"))
    looked_at: list[Item] = []
    meets = moto_query.meets

    def counted(one: Item, conditions: list[moto_query.Condition]) -> bool:
        looked_at.append(one)
        return meets(one, conditions)

    monkeypatch.setattr(moto_query, "meets", counted)
    query = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p7"}}}
    assert client.query(TableName=table, IndexName="by-time", **query)["Count"] == 1
    assert len(looked_at) == 1


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
