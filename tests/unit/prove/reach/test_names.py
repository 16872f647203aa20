"""The names that stand for all others: of every character that AWS takes in them, and of no other."""

import pytest

from tableguard.policy.evaluate import World
from tableguard.policy.matching import arn_matches
from tableguard.policy.statements import policy
from tableguard.prove.reach import names

ACCOUNT = "111122223333"


def representatives(pattern: str) -> list[str]:
    """The names where an SCP denies everything to all but one pattern of roles."""
    condition = {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:{pattern}"}}
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    world = World("444455556666", service_control=((policy("scp", {"Statement": [statement]}),),))
    return names.representatives(ACCOUNT, world, (), ())


@pytest.mark.parametrize("pattern", ["role/x!y/*", "role/a:b/c", "role/~/*", "role/name+=,.@_-"])
def test_a_name_that_aws_takes_is_found(pattern: str) -> None:
    exempt = f"arn:aws:iam::{ACCOUNT}:{pattern}"
    assert any(arn_matches(exempt, arn) for arn in representatives(pattern))


@pytest.mark.parametrize("pattern", ["role/x!y", "role/a/b:c", "role/~", "role/name é"])
def test_a_name_that_aws_refuses_is_none(pattern: str) -> None:
    refused = f"arn:aws:iam::{ACCOUNT}:{pattern}"
    assert not any(arn_matches(refused, arn) for arn in representatives(pattern))
