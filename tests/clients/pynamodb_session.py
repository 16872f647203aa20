"""An application of PynamoDB at work: what it is to do on standard input, what came of each step on standard output.

The interpreter of .engines/aws-cli runs this file, so it imports nothing of this repository.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

# mypy: disable-error-code="import-not-found,misc,no-untyped-call"
# PynamoDB is not in this repository's environment
from pynamodb.attributes import ListAttribute, MapAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import PynamoDBException, VerboseClientError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite

GIVEN = json.load(sys.stdin)
GROUP, USER, CREATED = GIVEN["group"], GIVEN["user"], GIVEN["created"]


class Further(GlobalSecondaryIndex[Any]):
    """The index of further conversations."""

    class Meta:
        """Its name and what it holds."""

        index_name, projection, region = GIVEN["index"], AllProjection(), GIVEN["region"]

    pk = UnicodeAttribute(hash_key=True)
    further_at = UnicodeAttribute(range_key=True)


class Item(Model):
    """Any item of the table."""

    class Meta:
        """Where it is."""

        table_name, region = GIVEN["table"], GIVEN["region"]

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    message = UnicodeAttribute(null=True)
    message_uuid = UnicodeAttribute(null=True)
    user_uuid = UnicodeAttribute(null=True)
    read_to = UnicodeAttribute(null=True)
    members = ListAttribute(of=MapAttribute, null=True)
    index = Further()


def message(number: int) -> Item:
    """Return a message of the group."""
    text = f"{number} by PynamoDB"
    return Item(
        f"MSG#{GROUP}", f"{CREATED[:20]}{number:06}+00:00", message=text, message_uuid=str(number), user_uuid=USER
    )


def write_in_transaction() -> int:
    """Write a message and a read marker together."""
    marker = Item(f"GRP#{USER}", f"READ#{GROUP}", read_to=CREATED)
    with TransactWrite(connection=Connection(region=GIVEN["region"])) as transaction:
        transaction.save(message(2), condition=Item.pk.does_not_exist())
        transaction.save(marker, condition=Item.pk.does_not_exist())
    return 2


def write_again() -> int:
    """Write a message that is there beside one that is not: neither is written."""
    with TransactWrite(connection=Connection(region=GIVEN["region"])) as transaction:
        transaction.save(message(2), condition=Item.pk.does_not_exist())
        transaction.save(message(3))
    return 2


def read_in_transaction() -> str:
    """Read a message."""
    with TransactGet(connection=Connection(region=GIVEN["region"])) as transaction:
        future = transaction.get(Item, f"MSG#{GROUP}", message(1).sk)
    return str(future.get().message)


def mark(condition: Any) -> str:
    """Move the read marker where a condition holds."""
    marker = Item(f"GRP#{USER}", f"READ#{GROUP}")
    marker.update(actions=[Item.read_to.set(message(2).sk)], condition=condition)
    return str(marker.read_to)


STEPS: dict[str, Callable[[], Any]] = {
    "save": lambda: message(1).save(Item.pk.does_not_exist())["ConsumedCapacity"]["CapacityUnits"],
    "save again": lambda: message(1).save(Item.pk.does_not_exist()),
    "get": lambda: Item.get(f"MSG#{GROUP}", message(1).sk, consistent_read=True).message,
    "get what is absent": lambda: Item.get(f"MSG#{GROUP}", "absent"),
    "write in a transaction": write_in_transaction,
    "write again in a transaction": write_again,
    "read in a transaction": read_in_transaction,
    "query": lambda: [item.message for item in Item.query(f"MSG#{GROUP}", scan_index_forward=False)],
    "query a range": lambda: len(list(Item.query(f"MSG#{GROUP}", Item.sk.between(message(2).sk, message(9).sk)))),
    "query with a filter": lambda: len(list(Item.query(f"MSG#{GROUP}", filter_condition=Item.message.startswith("1")))),
    "query page by page": lambda: len(list(Item.query(f"MSG#{GROUP}", page_size=1))),
    "count": lambda: Item.count(f"MSG#{GROUP}"),
    "query the index": lambda: len(list(Item.index.query(f"GRP#{USER}"))),
    "update where a condition holds": lambda: mark(Item.read_to < message(2).sk),
    "update where it does not": lambda: mark(Item.read_to < message(2).sk),
    "read in a batch": lambda: len(list(Item.batch_get([(f"MSG#{GROUP}", message(n).sk) for n in (1, 2, 3)]))),
    "scan": lambda: len(list(Item.scan())),
    "describe": Item.exists,
}


def fact(step: Callable[[], Any]) -> Any:
    """Return what a step returns, or the names of PynamoDB's error and of AWS's."""
    try:
        return step()
    except PynamoDBException as error:
        return f"{type(error).__name__}: {getattr(error, 'cause_response_code', '')}"
    except VerboseClientError as error:
        return f"VerboseClientError: {error.response['Error']['Code']}"


if __name__ == "__main__":
    print(json.dumps({name: fact(step) for name, step in STEPS.items()}))  # noqa: T201  # the answer
