"""Delivers records as each trail says by its selectors: to the event bus, a log group, and files in a bucket."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

Record = dict[
    str, Any
]  # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html


@dataclass(frozen=True)
class Delays:
    """Seconds from a call to where it is seen; `digest` and `log_file` are the seconds between two files."""

    event_bus: float
    log_group: float
    log_file: float
    digest: float


class Receivers(Protocol):
    """Who is told of what a trail delivers."""

    def event(self, account: str, region: str, event: Mapping[str, Any]) -> None:
        """Take an event that AWS puts on the default bus of an account in a region."""

    def log_events(self, account: str, region: str, group: str, lines: tuple[tuple[datetime, str], ...]) -> None:
        """Take lines that a trail has written to a log group, each with its time."""
