"""Evaluators of AWS's managed rules, written from AWS's page of each rule: a function a rule, a file a service.

The page of a rule is https://docs.aws.amazon.com/config/latest/developerguide/NAME.html, with the rule's name in small
letters and hyphens. What a page leaves open is said in the docstring.
"""

from collections.abc import Mapping
from functools import cache
from types import ModuleType

from tableguard.compliance.evaluator import Evaluator
from tableguard.compliance.managed import (
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


@cache
def evaluators() -> Mapping[str, Evaluator]:
    """Return every evaluator by the identifier of its rule."""
    members = (member for service in _SERVICES for member in vars(service).values())
    return {member.identifier: member for member in members if isinstance(member, Evaluator)}
