"""A service's own keys are in no request to another, unless credentials take them along or the reference lists them."""

import pytest

from tableguard.policy.service_reference import load
from tests.worlds.proofs import proof, under


@pytest.mark.parametrize(
    ("action", "key", "verdict"),
    [
        ("dynamodb:DeleteTable", "ec2:Owner", "proved"),
        ("dynamodb:DeleteTable", "s3:prefix", "proved"),
        ("dynamodb:NewAction", "ec2:Owner", "proved"),
        ("ec2:RunInstances", "ec2:Owner", "refuted"),
        ("ec2:NewAction", "ec2:Owner", "refuted"),
        ("dynamodb:DeleteTable", "aws:SourceVpce", "refuted"),
        ("dynamodb:DeleteTable", "lambda:SourceFunctionArn", "refuted"),
        ("dynamodb:DeleteTable", "ec2:SourceInstanceARN", "refuted"),
        # of services that are not covered nothing is known
        ("dynamodb:DeleteTable", "rds:DatabaseEngine", "refuted"),
        ("rds:DeleteDBInstance", "ec2:Owner", "refuted"),
    ],
)
def test_no_request_has_the_key_of_another_service(action: str, key: str, verdict: str) -> None:
    scp = {"Action": "*", "Condition": {"StringEquals": {key: "a"}}}
    assert proof(under(scp), {"Action": action}, "allowed").verdict == verdict


def test_a_key_of_another_service_is_told_apart_for_each_service_of_a_claim() -> None:
    scp = {"Action": "*", "Condition": {"StringNotEquals": {"ec2:Owner": "a"}}}
    assert proof(under(scp), {"Action": "dynamodb:*"}).verdict == "proved"
    found = proof(under(scp), {"Action": ["dynamodb:*", "ec2:*"]})
    assert found.counterexample is not None
    assert found.counterexample.action.startswith("ec2:")


def test_what_the_reference_lists_with_another_service_may_be_there() -> None:
    reference = load()
    others = {
        (action.service, key)
        for action in reference.actions.values()
        for key in action.keys
        if key.partition(":")[0] != action.service and "$" not in key
    }
    assert [pair for pair in others if not reference.may_carry(*pair)] == []
