"""ARNs, the names of AWS's resources, taken apart once instead of by every reader.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from functools import lru_cache
from typing import NamedTuple

_PREFIX = "arn"


class Arn(NamedTuple):
    """The parts of arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE; in a policy each may hold wildcards.

    Region and account are empty where a service has none. Only the resource, the last, may hold colons.
    """

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return ":".join((_PREFIX, *self))


@lru_cache(maxsize=4096)  # every request to the embedded AWS parses the same few ARNs several times
def parse(text: str) -> Arn | None:
    """Return the parts of an ARN or of an ARN pattern; None if the text is neither, such as `*`."""
    prefix, *parts = components(text) or ("",)
    return Arn(*parts) if prefix == _PREFIX else None


def components(pattern: str) -> tuple[str, ...] | None:
    """Return the six components of a pattern for ARNs, the first of which may hold wildcards too; else None."""
    parts = tuple(pattern.split(":", len(Arn._fields)))
    return parts if len(parts) > len(Arn._fields) else None


def require(text: str) -> Arn:
    """Return the parts of a text that AWS wrote as an ARN; ValueError if it is none."""
    arn = parse(text)
    if arn is None:
        raise ValueError(f"{text} is no ARN")
    return arn
