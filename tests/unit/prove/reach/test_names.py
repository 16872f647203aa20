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
    return names.representatives(f"arn:aws:iam::{ACCOUNT}:", world, (), ())


@pytest.mark.parametrize("pattern", ["role/x!y/*", "role/a:b/c", "role/~/*", "role/name+=,.@_-"])
def test_a_name_that_aws_takes_is_found(pattern: str) -> None:
    exempt = f"arn:aws:iam::{ACCOUNT}:{pattern}"
    assert any(arn_matches(exempt, arn) for arn in representatives(pattern))


@pytest.mark.parametrize("pattern", ["role/x!y", "role/a/b:c", "role/~", "role/name é"])
def test_a_name_that_aws_refuses_is_none(pattern: str) -> None:
    refused = f"arn:aws:iam::{ACCOUNT}:{pattern}"
    assert not any(arn_matches(refused, arn) for arn in representatives(pattern))


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("StringNotLike", "*-deployer"),
        ("StringNotLike", "arn:aws:iam::${aws:PrincipalAccount}:role/one"),
        ("StringNotEquals", f"arn:aws:iam::{ACCOUNT}:role/one"),
        ("StringNotEqualsIgnoreCase", f"arn:aws:iam::{ACCOUNT}:role/one"),
        ("ArnNotLike", f"arn:aws:iam::{ACCOUNT}:*/one"),
    ],
)
def test_whatever_tells_callers_apart_there_is_a_name_on_either_side(operator: str, value: str) -> None:
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {operator: {"aws:PrincipalArn": value}}}
    own = policy("scp", {"Version": "2012-10-17", "Statement": [statement]})
    (line,) = own.statements[0].conditions
    named = names.representatives(f"arn:aws:iam::{ACCOUNT}:", World("444455556666", service_control=((own,),)), (), ())
    keys = {"aws:principalaccount": (ACCOUNT,)}
    assert {line.holds({**keys, "aws:principalarn": (arn,)}) for arn in named} == {True, False}


def test_a_resource_that_may_be_a_role_tells_names_apart() -> None:
    statement = {"Effect": "Deny", "Action": "iam:*", "Resource": f"arn:aws:iam::{ACCOUNT}:*/kept"}
    world = World("444455556666", service_control=((policy("scp", {"Statement": [statement]}),),))
    assert any(arn.endswith("/kept") for arn in names.representatives(f"arn:aws:iam::{ACCOUNT}:", world, (), ()))
