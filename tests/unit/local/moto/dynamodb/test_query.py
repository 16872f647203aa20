"""A query reads one partition and sorts nothing else."""

import pytest
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from tableguard.local.moto.dynamodb import query as moto_query
from tests.engines import MOTO
from tests.worlds.moto_modes import Aws, item

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
