"""Whoever answers a listing: the table, or a cache before it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stream_lambda.items import Item


@dataclass(frozen=True)
class ListingReader:
    """Whoever answers a listing: the table, or a cache (DAX) before it, from memory for so many seconds.

    A cache knows an answer by the words of its question. So a cached listing does not ask by the second which items
    have expired, but by the hour, and leaves out by itself what has expired since.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAX.consistency.html
    """

    client: Any  # botocore makes its classes at run time; a DAX client has the same reads, and no paginators
    seconds_old: int = 0

    def pages(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the answers to a query, page by page."""
        while True:
            answer: dict[str, Any] = self.client.query(**request)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            request = request | {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def moment(self, now: datetime) -> dict[str, str]:
        """Return the time that a question names, as DynamoDB's number."""
        named = now.replace(minute=0, second=0, microsecond=0) if self.seconds_old else now
        return {"N": str(int(named.timestamp()))}

    def unexpired(self, items: Iterable[Item], now: datetime) -> list[Item]:
        """Return the items that have not expired by now."""
        return [item for item in items if not _has_expired(item, now)]


def _has_expired(item: Item, now: datetime) -> bool:
    at = item.get("expires_at", {}).get("N")
    return at is not None and float(at) <= int(now.timestamp())
