"""A call to the embedded AWS with its answer: all that CloudTrail knows of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tableguard.local.authorization.call import ApiCall


@dataclass(frozen=True)
class ObservedCall:
    """A call that was answered: refused, failed or carried out.

    `time` is when it began, before it changed anything: a trail records by what it was then, its own StopLogging too.
    `answer` is the body as it was sent, in the protocol of the service, and `headers` go with it; both are empty where
    no record has what was answered. `denied_by` is the kind of policy that refused the call. `keys` are the key
    attributes of the DynamoDB tables that it names, which may be gone when the record is made.
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
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    denied_by: str = ""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bytes_in: int = 0
    bytes_out: int = 0
