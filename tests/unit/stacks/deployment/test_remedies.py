"""What helps after a failure: by the words of the service, and by the state that it left."""

import pytest

from tableguard.stacks.deployment.remedies import after, likely


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Failed … MaxNumberOfConfigurationRecordersExceededException …", "leave config out of stacks.optional"),
        (
            "User: x is not authorized to perform: kms:PutKeyPolicy on resource: y with an explicit deny",
            "tableguard why",
        ),
        ("x already exists in stack y", "remove what has that name"),
        ("Rate exceeded (Service: DynamoDb)", "run the same command again"),
        ("The security token included in the request is expired", "sign in again"),
        ("Limit of 10 LimitExceededException", "Service Quotas"),
        ("of today", ""),
    ],
)
def test_the_remedy_follows_from_the_words(reason: str, words: str) -> None:
    assert words in likely(reason)
    assert bool(likely(reason)) is bool(words)


def test_the_first_reason_has_the_remedy_and_the_others_stand_as_they_are() -> None:
    text = after("s", ("A (X): already exists", "B (X): a consequence"), "CREATE_FAILED", likely)
    assert text == (
        "A (X): already exists (likely remedy: remove what has that name, or give the workload another name); then "
        "B (X): a consequence; what succeeded is kept: mend this, and run the same command again"
    )


@pytest.mark.parametrize(
    ("ended", "left"),
    [
        ("UPDATE_FAILED", "what succeeded is kept"),
        ("UPDATE_ROLLBACK_COMPLETE", "the stack is UPDATE_ROLLBACK_COMPLETE"),
    ],
)
def test_what_the_failure_left_is_said(ended: str, left: str) -> None:
    assert after("s", ("A: x",), ended, likely) == f"A: x; {left}: mend this, and run the same command again"
