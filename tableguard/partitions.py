"""AWS's partitions: the groups of Regions that share no account, and how names differ between them.

Documents and templates are written with the ARNs of the partition `aws`; `in_partition` turns them into another's.
https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

import re
from typing import Any

AWS = "aws"
# the beginnings of the names of Regions; what begins with none of them is of `aws`
_BY_BEGINNING = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
# https://docs.amazonaws.cn/en_us/aws/latest/userguide/cognito.html; botocore lists no endpoint of theirs either
WITHOUT_USER_POOLS = frozenset({"aws-cn"})
SUPPORTED = (AWS, *_BY_BEGINNING.values())
# https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-Beijing.html
_DOMAINS = {"aws-cn": "amazonaws.com.cn"}
_DOMAIN = "amazonaws.com"
# the names of services in one Region, as kms:ViaService and the principal of CloudWatch Logs have them; other services'
# principals are the same everywhere. No page of AWS says this of kms:ViaService in China; its endpoints are named so.
_REGIONAL = re.compile(rf"(\.(?:<home-region>|\$\{{AWS::Region\}})\.){re.escape(_DOMAIN)}")


def of_region(region: str) -> str:
    """Return the partition of a Region, by its name."""
    return next((name for beginning, name in _BY_BEGINNING.items() if region.startswith(beginning)), AWS)


def domain(partition: str) -> str:
    """Return the domain under which a partition's endpoints are."""
    return _DOMAINS.get(partition, _DOMAIN)


def text_in(partition: str, text: str) -> str:
    """Return a text that is written for `aws` with the ARNs and the regional names of a partition."""
    return _REGIONAL.sub(rf"\g<1>{domain(partition)}", text.replace("arn:aws:", f"arn:{partition}:"))


def in_partition(partition: str, node: Any) -> Any:
    """Return JSON data that is written for `aws`, keys and values, as a partition has it."""
    if partition == AWS:
        return node
    if isinstance(node, dict):
        return {text_in(partition, key): in_partition(partition, value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [in_partition(partition, item) for item in node]
    return text_in(partition, node) if isinstance(node, str) else node
