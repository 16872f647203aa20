"""All configuration items of a region of an account, one reader a service."""

from collections.abc import Callable, Iterator
from types import ModuleType

from botocore.exceptions import BotoCoreError, ClientError

from tableguard.compliance.item import ConfigurationItem
from tableguard.errors import ComplianceError
from tableguard.local.configuration import (
    account,
    awslambda,
    backup,
    cloudtrail,
    cloudwatch,
    cognito,
    dax,
    dynamodb,
    ec2,
    iam,
    kms,
    logs,
    messaging,
    s3,
)
from tableguard.local.configuration.reader import Client, ResourceReader

_SERVICES: tuple[ModuleType, ...] = (
    account,
    awslambda,
    backup,
    cloudtrail,
    cloudwatch,
    cognito,
    dax,
    dynamodb,
    ec2,
    iam,
    kms,
    logs,
    messaging,
    s3,
)


def items(client: Callable[[str], Client], account_id: str, region: str) -> Iterator[ConfigurationItem]:
    """Read every item; ComplianceError if a service refuses to tell."""
    reader = ResourceReader(client, account_id, region)
    for service in _SERVICES:
        try:
            yield from service.items(reader)
        except (BotoCoreError, ClientError) as error:
            raise ComplianceError(
                f"configuration items of {service.__name__.rpartition('.')[2]}, region {region}: {error}; ask as "
                "one who may read all of it, as the auditor may"
            ) from error
