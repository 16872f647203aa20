"""The sizes of policy documents, as AWS counts them, and the most that it takes of each kind."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from tableguard.check.rules.document_path import Document


@dataclass(frozen=True)
class Limit:
    """The most characters that ours may have, and the number above which a warning is due.

    `anywhere` is the number above which AWS refuses a document of the kind wherever it is attached; 0 where services
    differ.
    """

    most: int
    safe: int
    anywhere: int
    counted: Callable[[Document], int]


def as_sent(document: Document) -> int:
    """Count characters as CloudFormation sends them: no white space between tokens."""
    return len(json.dumps(document, separators=(",", ":"), ensure_ascii=False))


def without_white_space(document: Document) -> int:
    """Count characters as IAM does, which leaves out white space."""
    return len(re.sub(r"\s", "", json.dumps(document, separators=(",", ":"), ensure_ascii=False)))


def bytes_as_sent(document: Document) -> int:
    """Count bytes as CloudFormation sends them."""
    return len(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())


LIMITS = {
    # 10,240 since May 2026; until then 5,120, and tools and pages that still say so refuse more
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
    "scp": Limit(10_240, 5_120, 10_240, as_sent),
    "rcp": Limit(5_120, 5_120, 5_120, as_sent),
    # https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    "endpoint": Limit(20_480, 20_480, 20_480, as_sent),
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-considerations.html
    "resource": Limit(20_480, 20_480, 0, bytes_as_sent),
    # a managed policy; all inline policies of a role together may have 10,240
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    "role": Limit(6_144, 6_144, 10_240, without_white_space),
    # 2,048, which a quota raises to at most 8,192: "Role trust policy length" on the same page
    "trust": Limit(2_048, 2_048, 8_192, without_white_space),
    # 32 KB, which no quota raises
    # https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html#key-policy-limit
    "key": Limit(32_768, 32_768, 32_768, bytes_as_sent),
}
