"""CloudFormation's limits on one template."""

from dataclasses import dataclass

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
TEMPLATE_BODY_BYTES = 51_200  # above it a template must be uploaded to S3 first


@dataclass(frozen=True)
class Limits:
    """The most that CloudFormation takes in one template."""

    resources: int = 500
    parameters: int = 200
    outputs: int = 200
    template_bytes: int = 1_000_000
