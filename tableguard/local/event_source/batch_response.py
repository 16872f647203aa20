"""Judges how much of a batch is settled by the answer of its function.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tableguard.local.function.outcome import Outcome, Success


@dataclass(frozen=True)
class Verdict:
    """The first `done` records are settled; `named` is true if the function itself named the one after them."""

    done: int
    named: bool = False


def judge(outcome: Outcome, sequence_numbers: Sequence[str], report_batch_item_failures: bool) -> Verdict:
    """Return how much of a batch with these sequence numbers one invocation settled."""
    if not isinstance(outcome, Success):
        return Verdict(0)
    if not report_batch_item_failures or not outcome.payload:  # null, {}, [] and "" are complete successes
        return Verdict(len(sequence_numbers))
    return _judge_response(outcome.payload, sequence_numbers)


def _judge_response(payload: Any, sequence_numbers: Sequence[str]) -> Verdict:
    """Judge a response by its batchItemFailures: an identifier that is empty, null or unknown fails the whole batch."""
    if not isinstance(payload, dict):
        return Verdict(0)
    failures = payload.get("batchItemFailures")
    if not failures:
        return Verdict(len(sequence_numbers))
    identifiers = {_identifier(failure) for failure in failures} if isinstance(failures, list) else {None}
    if not identifiers <= set(sequence_numbers):
        return Verdict(0)
    lowest = next(index for index, number in enumerate(sequence_numbers) if number in identifiers)
    return Verdict(lowest, named=True)


def _identifier(failure: Any) -> str | None:
    identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
    return identifier if isinstance(identifier, str) else None
