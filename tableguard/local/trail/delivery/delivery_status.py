"""What GetTrailStatus says of a trail's deliveries.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass
class Delivery:
    """The last deliveries to one place: when one succeeded, when one was tried, and the error of the last, if any."""

    time: datetime | None = None
    attempt: datetime | None = None
    error: str = ""

    def succeeded(self, time: datetime) -> None:
        """Note a delivery."""
        self.time, self.attempt, self.error = time, time, ""

    def failed(self, time: datetime, error: str) -> None:
        """Note a delivery that was refused."""
        self.attempt, self.error = time, error


class DeliveryStatus:
    """The deliveries of a trail, to each of its places."""

    def __init__(self) -> None:
        self.log_group, self.log_files, self.digests = Delivery(), Delivery(), Delivery()
