"""The time of an embedded AWS: what is recorded, delivered and evaluated reads it here, and nowhere else."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass
class Clock:
    """The machine's clock, and how far a rehearsal has moved the estate ahead of it."""

    ahead: timedelta = field(default=timedelta())
    stopped: datetime | None = None

    def now(self) -> datetime:
        """Return the estate's time, in UTC."""
        return (self.stopped or datetime.now(UTC)) + self.ahead

    def lead(self) -> timedelta:
        """Return how far the estate is ahead of the machine."""
        return self.ahead if self.stopped is None else self.now() - datetime.now(UTC)

    def stop(self, at: datetime) -> None:
        """Let time stand at a moment but for what it is advanced by, so that a rehearsal is the same twice."""
        self.stopped, self.ahead = at, timedelta()

    def advance(self, seconds: float) -> None:
        """Move the estate ahead, at once."""
        self.ahead += timedelta(seconds=seconds)
