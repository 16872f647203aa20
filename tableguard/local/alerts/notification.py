"""A message that a topic has handed to a subscriber."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Notification:
    """What a subscriber of a topic has received, and when, in the estate's time."""

    time: datetime
    topic_arn: str
    protocol: str  # email, sqs, lambda ...
    endpoint: str
    subject: str
    message: str
