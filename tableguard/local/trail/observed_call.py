"""A call to the embedded AWS with its answer: all that CloudTrail knows of it."""

from dataclasses import dataclass
from datetime import datetime

from tableguard.local.authorization.call import ApiCall


@dataclass(frozen=True)
class ObservedCall:
    """A call that was answered: refused, failed or carried out.

    `time` is when it began, before it changed anything: a trail records by what it was then, its own StopLogging too.
    `answer` is the body as it was sent, in the protocol of the service.
    """

    call: ApiCall
    protocol: str
    time: datetime
    request_id: str
    source_ip: str
    user_agent: str
    error_code: str = ""
    error_message: str = ""
    answer: bytes = b""
