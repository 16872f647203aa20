"""A DynamoDB client that records its calls, and fails where a test wants it to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.worlds.messages import TABLE

Fault = Callable[[str, dict[str, Any]], None]


def refused(code: str) -> ClientError:
    """Return an error of DynamoDB."""
    return ClientError({"Error": {"Code": code, "Message": "as the test wants"}}, "UpdateItem")


@dataclass
class Watched:
    """A client that records its calls, and fails where a test wants it to."""

    client: Any
    before: Fault = lambda operation, request: None
    after: Fault = lambda operation, request: None
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def batch_get_item(self, **request: Any) -> Any:
        return self._pass_on("batch_get_item", request)

    def update_item(self, **request: Any) -> Any:
        return self._pass_on("update_item", request)

    def query(self, **request: Any) -> Any:
        return self._pass_on("query", request)

    def _pass_on(self, operation: str, request: dict[str, Any]) -> Any:
        self.asked.append((operation, request))
        self.before(operation, request)
        answer = getattr(self.client, operation)(**request)
        self.after(operation, request)
        return answer


def failing(user: str, error: Exception) -> Fault:
    """Fail every write of one user's rows."""

    def fault(operation: str, request: dict[str, Any]) -> None:
        if operation == "update_item" and request["Key"]["pk"]["S"] == f"GRP#{user}":
            raise error

    return fault


def fail_to(operation: str, error: Exception) -> Fault:
    """Fail every call of one operation."""

    def fault(asked: str, request: dict[str, Any]) -> None:
        if asked == operation:
            raise error

    return fault


def inject(faults: tuple[str, ...]) -> tuple[Fault, Fault]:
    """Fail before or after the next calls: not done, or done and the answer lost."""
    left = list(faults)

    def before(operation: str, request: dict[str, Any]) -> None:
        if left and left[0] == "before":
            left.pop(0)
            raise refused("InternalServerError")

    def after(operation: str, request: dict[str, Any]) -> None:
        if left and left.pop(0) == "after":
            raise ReadTimeoutError(endpoint_url="")

    return before, after


@dataclass
class Sparing(Watched):
    """Answer one key of a call and leave the rest unprocessed; with `never`, all of them."""

    never: bool = False

    def batch_get_item(self, **request: Any) -> Any:
        keys = request["RequestItems"][TABLE]["Keys"]
        request["RequestItems"][TABLE] = {"Keys": keys[:1], "ConsistentRead": True}
        answer = self._pass_on("batch_get_item", request)
        if self.never:
            return {**answer, "Responses": {}, "UnprocessedKeys": {TABLE: {"Keys": keys}}}
        return {**answer, "UnprocessedKeys": {TABLE: {"Keys": keys[1:]}} if keys[1:] else {}}
