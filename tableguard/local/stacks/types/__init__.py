"""CloudFormation resource types that the embedded AWS adds to moto or corrects, one service a module."""

from tableguard.cloudformation.resource_type import ResourceType, by_name
from tableguard.local.stacks.types import (
    autoscaling,
    awslambda,
    backup,
    cloudtrail,
    cloudwatch,
    cognito,
    cognito_users,
    config,
    dax,
    dynamodb,
    ec2,
    events,
    iam,
    kms,
    logs,
    organizations,
    s3,
    sns,
    sqs,
    vpn,
)

ALL: dict[str, ResourceType] = by_name(
    (
        *autoscaling.TYPES,
        *awslambda.TYPES,
        *backup.TYPES,
        *cloudtrail.TYPES,
        *cloudwatch.TYPES,
        *cognito.TYPES,
        *cognito_users.TYPES,
        *config.TYPES,
        *dax.TYPES,
        *dynamodb.TYPES,
        *ec2.TYPES,
        *events.TYPES,
        *iam.TYPES,
        *kms.TYPES,
        *logs.TYPES,
        *organizations.TYPES,
        *s3.TYPES,
        *sns.TYPES,
        *sqs.TYPES,
        *vpn.TYPES,
    )
)
