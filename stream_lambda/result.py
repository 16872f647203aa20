"""The result of a batch: counts for the metrics, and what could not be done, for the log and for redriving."""

from dataclasses import dataclass

from .records import Poison

Response = dict[str, list[dict[str, str]]]


@dataclass(frozen=True)
class Failure:
    """A call to DynamoDB that failed: what was not done, and AWS's code or the class of the error."""

    event: str
    error: str


@dataclass(frozen=True)
class BatchResult:
    """The rows of a batch by outcome, its poison and failures, and the record to deliver it again from, if any."""

    records: int
    groups: int
    written: int
    stale: int
    failed_groups: int
    poison: tuple[Poison, ...]
    malformed_groups: tuple[str, ...]  # what is wrong with each, never its text
    failures: tuple[Failure, ...]
    failed_from: str | None

    @property
    def metrics(self) -> dict[str, int]:
        """Return the value of each metric by its name."""
        return {
            "Records": self.records,
            "Groups": self.groups,
            "Written": self.written,
            "Stale": self.stale,
            "Poison": len(self.poison),
            "FailedGroups": self.failed_groups,
        }

    @property
    def response(self) -> Response:
        """Return the answer to Lambda; without a failure its list is empty."""
        return {"batchItemFailures": [{"itemIdentifier": self.failed_from}] if self.failed_from else []}
