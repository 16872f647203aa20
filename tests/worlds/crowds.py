"""Very many SCPs, as several teams write them: each has keys, names and values of its own."""

from collections.abc import Callable
from typing import Any

from tableguard.policy.evaluate import World
from tableguard.policy.worlds import FULL_AWS_ACCESS, guardrails
from tests.worlds.policies import document
from tests.worlds.proofs import ESTATE

_CONDITIONS: tuple[Callable[[int], dict[str, Any]], ...] = (
    lambda n: {"StringNotEquals": {f"aws:PrincipalTag/team{n}": f"team{n}"}},
    lambda n: {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/team{n}-*"}},
    lambda n: {
        "StringEquals": {f"aws:ResourceTag/owner{n % 40}": f"owner{n}"},
        "ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/admin{n}"},
    },
    lambda n: {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1", f"xx-{n}"]}},
    lambda n: {"Bool": {"aws:ViaAWSService": "false"}, "NotIpAddress": {"aws:SourceIp": f"10.{n % 250}.0.0/16"}},
    lambda n: {"ForAnyValue:StringEquals": {"aws:TagKeys": f"key{n % 20}"}},
    lambda n: {"StringNotEqualsIfExists": {"aws:SourceVpce": f"vpce-{n}"}},
)


def of_teams(count: int) -> World:
    """An account under so many SCPs about every action, a third of them about a bucket of their own."""
    scps = (
        document(
            {
                "Action": "*",
                "Resource": "*" if n % 3 else f"arn:aws:s3:::bucket{n}*",
                "Condition": _CONDITIONS[n % len(_CONDITIONS)](n),
            },
            name=f"team{n}",
        )
        for n in range(count)
    )
    return guardrails(ESTATE, ((FULL_AWS_ACCESS, *scps),))
