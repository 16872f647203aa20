"""An index that is absent or still being built is refused; a table outside CloudFormation can be given one."""

from collections.abc import Iterator
from typing import Any

import pytest

from stream_lambda.items import FORMER_INDEX, INDEX
from tableguard.errors import TableError
from tableguard.projection.migration.indexes import add_index, usable_indexes
from tableguard.settings import example
from tests.engines.choice import BOTH
from tests.worlds.messages import TABLE, emulated_table


@pytest.fixture(params=BOTH)
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    with emulated_table(engine=request.param) as emulated:
        yield emulated


def test_an_index_that_is_there_can_be_used(client: Any) -> None:
    (index,) = usable_indexes(client, TABLE, INDEX)
    assert (index.name, index.key) == (INDEX, ("pk", "further_at"))


def test_an_index_that_is_absent_is_refused_with_what_to_do_and_added_once(client: Any) -> None:
    with pytest.raises(TableError, match=f"has no index {FORMER_INDEX}; set former_index = true"):
        usable_indexes(client, TABLE, FORMER_INDEX)
    for _ in range(2):
        add_index(client, example(), TABLE, FORMER_INDEX, sleep=lambda seconds: None)
    assert {index.name for index in usable_indexes(client, TABLE, FORMER_INDEX)} == {INDEX, FORMER_INDEX}


class Building:
    """A client of a table whose index becomes active at the third look."""

    def __init__(self, client: Any) -> None:
        self.client, self.looks, self.exceptions = client, 0, client.exceptions

    def describe_table(self, **request: Any) -> Any:
        answer = self.client.describe_table(**request)
        self.looks += 1
        if self.looks <= 2:
            for index in answer["Table"]["GlobalSecondaryIndexes"]:
                index["IndexStatus"] = "CREATING"
        return answer


def test_an_index_that_is_still_being_built_is_refused(client: Any) -> None:
    building = Building(client)
    for _ in range(2):
        with pytest.raises(TableError, match=f"index {INDEX} is CREATING; run this again once it is ACTIVE"):
            usable_indexes(building, TABLE, INDEX)
    assert usable_indexes(building, TABLE, INDEX)


def test_a_deployed_table_gets_its_index_by_its_stack_alone(client: Any) -> None:
    client.update_table(TableName=TABLE, DeletionProtectionEnabled=True)
    with pytest.raises(TableError, match="its stack adds the index"):
        add_index(client, example(), TABLE, FORMER_INDEX)
    client.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
    add_index(client, example(), TABLE, FORMER_INDEX, sleep=lambda seconds: None)


def test_without_the_table_it_says_how_to_make_one(client: Any) -> None:
    with pytest.raises(TableError, match="no table elsewhere"):
        usable_indexes(client, "elsewhere", INDEX)
