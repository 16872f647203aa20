"""A creation by several calls that fails: what was made is removed, and the first failure stays the reason."""

import pytest
from botocore.exceptions import ClientError

from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types.calls import remove_on_failure


def _refusal(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "AccessDenied", "Message": f"not authorized: {operation}"}}, operation)


def test_what_a_failed_creation_made_is_removed_and_the_failure_is_the_reason() -> None:
    removed: list[str] = []
    refused = pytest.raises(ClientError, match="not authorized: PutBucketLogging")
    with refused, remove_on_failure(lambda: removed.append("bucket")):
        raise _refusal("PutBucketLogging")
    assert removed == ["bucket"]


def test_a_removal_that_is_refused_does_not_hide_why_the_creation_failed() -> None:
    def remove() -> None:
        raise _refusal("DeleteBucket")

    with pytest.raises(EmbeddedError) as failure, remove_on_failure(remove):
        raise _refusal("PutBucketLogging")
    reason, separator, rest = str(failure.value).partition("; what was made of it could not be removed again: ")
    assert ("PutBucketLogging" in reason, bool(separator), "DeleteBucket" in rest) == (True, True, True)
    assert "DeleteBucket" not in reason
