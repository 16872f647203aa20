"""A function's configuration in the Lambda API, as far as its process depends on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tableguard.aws.arn import require


@dataclass(frozen=True)
class Credentials:
    """Temporary credentials of the function's execution role."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)


@dataclass(frozen=True)
class FunctionConfiguration:
    """One function's configuration, in the API's words."""

    name: str
    arn: str
    handler: str
    timeout: float  # seconds
    memory_size: int = 128
    environment: Mapping[str, str] = field(default_factory=dict)
    log_group: str = ""
    log_format: str = "Text"  # or "JSON"
    log_level: str = "INFO"  # of the function's own lines, in the JSON format
    platform_log_level: str = "INFO"  # of START and REPORT, in the JSON format
    version: str = "$LATEST"
    role: str = ""
    subnets: tuple[str, ...] = ()
    code_sha256: str = ""

    @property
    def region(self) -> str:
        """Return the region in which the function runs."""
        return require(self.arn).region
