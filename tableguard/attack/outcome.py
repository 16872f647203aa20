"""What came of an attempt: what prevented it, and who was told of it and when."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tableguard.attack.attempt import Attempt


@dataclass(frozen=True)
class Prevention:
    """What refused a call: a layer of policies, its document and statement; or the service, with its own error.

    Where no statement denies, nothing of the layer's documents allows the call, and `statement` is empty.
    """

    step: int
    call: str
    layer: str
    document: str
    statement: str = ""

    def __str__(self) -> str:
        return f"{self.document}, {self.statement}" if self.statement else f"{self.document} ({self.layer})"


@dataclass(frozen=True)
class Sighting:
    """A message to the subscribers: which detection it is of, its channel, and the estate's seconds since the call."""

    detection: str
    channel: str
    seconds: float


@dataclass(frozen=True)
class AttemptOutcome:
    """What came of an attempt; `error` says why it could not be made as it is written."""

    attempt: Attempt
    prevented: Prevention | None = None
    sightings: tuple[Sighting, ...] = ()
    error: str = ""

    def facts(self) -> dict[str, Any]:
        """Return what a copy of the estate hands back."""
        return {
            "prevented": asdict(self.prevented) if self.prevented else None,
            "sightings": [asdict(sighting) for sighting in self.sightings],
            "error": self.error,
        }

    @classmethod
    def read(cls, attempt: Attempt, facts: Mapping[str, Any]) -> "AttemptOutcome":
        """Return the outcome that a copy of the estate has handed back."""
        prevented = Prevention(**facts["prevented"]) if facts["prevented"] else None
        return cls(attempt, prevented, tuple(Sighting(**one) for one in facts["sightings"]), facts["error"])
