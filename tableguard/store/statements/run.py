"""Run a PartiQL statement page by page, and count the units."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class StatementRun:
    """A statement with the values of its question marks, and from which token on it runs."""

    client: Any  # botocore makes its classes at run time
    text: str
    parameters: Sequence[Mapping[str, Any]] = ()
    consistent: bool = False

    def pages(self, limit: int | None, token: str | None) -> Iterator[Mapping[str, Any]]:
        """Yield DynamoDB's answers: the one page that reads at most `limit` items, or all pages (None)."""
        request: dict[str, Any] = {"Statement": self.text, "ReturnConsumedCapacity": "TOTAL"}
        if self.parameters:
            request["Parameters"] = list(self.parameters)
        if self.consistent:
            request["ConsistentRead"] = True
        if limit is not None:
            request["Limit"] = limit
        if token is not None:
            request["NextToken"] = token
        while True:
            answer = self.client.execute_statement(**request)
            yield answer
            if limit is not None or "NextToken" not in answer:
                return
            request["NextToken"] = answer["NextToken"]


@dataclass
class StatementTotals:
    """What the pages of a statement came to: items, the token with which it goes on, and the units (None: not told)."""

    items: int = 0
    token: str | None = None
    units: float | None = None

    def counted(self, pages: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Pass pages on, and count them."""
        for page in pages:
            self.items += len(page.get("Items", ()))
            self.token = page.get("NextToken")
            if consumed := page.get("ConsumedCapacity"):
                self.units = (self.units or 0.0) + float(consumed["CapacityUnits"])
            yield page
