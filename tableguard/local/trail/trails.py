"""Delivers records as each trail says by its selectors: to the event bus, a log group, and files in a bucket."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Record = dict[
    str, Any
]  # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html


@dataclass(frozen=True)
class Delays:
    """Seconds from a call to where it is seen; `digest` and `log_file` are the seconds between two files.

    By default those that AWS documents as usual: events "near real-time", log groups and files within five minutes.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html
    """

    event_bus: float = 5
    log_group: float = 300
    log_file: float = 300
    digest: float = 3600


class Receivers(Protocol):
    """Who is told of the events of a trail. Lines need no telling: all that comes to a log group is counted there."""

    def event(self, account: str, region: str, event: Mapping[str, Any]) -> None:
        """Take an event that AWS puts on the default bus of an account in a region."""
