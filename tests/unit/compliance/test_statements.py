"""A statement is public where it lets everybody in, and no condition with fixed values keeps them out."""

from typing import Any

import pytest

from tableguard.compliance.statements import denies, public

OWN = "111122223333"


def statement(principal: Any = "*", **condition: Any) -> dict[str, Any]:
    return {
        "Sid": "S",
        "Effect": "Allow",
        "Principal": principal,
        "Action": "*",
        "Resource": "*",
        "Condition": condition,
    }


@pytest.mark.parametrize(
    ("written", "is_public"),
    [
        (statement(), True),
        (statement({"AWS": "*"}), True),
        (statement({"AWS": [OWN, "*"]}), True),
        (statement({"AWS": ""}), True),
        (statement({"AWS": OWN}), False),
        (statement({"AWS": f"arn:aws:iam::{OWN}:root"}), False),
        (statement({"Service": "sns.amazonaws.com"}), False),
        (statement(""), True),
        (statement({}), True),
        (statement(StringEquals={"aws:PrincipalOrgID": "o-1"}), False),
        (statement(StringEquals={"aws:PrincipalOrgID": "${aws:PrincipalTag/org}"}), True),
        (statement(StringLike={"aws:PrincipalOrgID": "o-*"}), True),
        (statement(StringNotEquals={"aws:PrincipalOrgID": "o-1"}), True),
        (statement(StringEqualsIfExists={"aws:PrincipalOrgID": "o-1"}), True),
        (statement(**{"ForAllValues:StringEquals": {"aws:SourceVpce": "vpce-1"}}), True),
        (statement(**{"ForAnyValue:StringEquals": {"aws:SourceVpce": "vpce-1"}}), False),
        (statement(StringEquals={"aws:SourceAccount": [OWN, "*"]}), True),
        (statement(IpAddress={"aws:SourceIp": "203.0.113.0/24"}), False),
        (statement(IpAddress={"aws:SourceIp": "10.0.0.0/8"}), False),
        (statement(IpAddress={"aws:SourceIp": "128.0.0.0/7"}), True),
        (statement(IpAddress={"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/0"]}), True),
        (statement(IpAddress={"aws:SourceIp": "2001:db8::/32"}), False),
        (statement(IpAddress={"aws:SourceIp": "2001:d00::/24"}), True),
        (statement(IpAddress={"aws:SourceIp": "no address"}), True),
        (statement(StringEquals={"aws:RequestedRegion": "eu-central-1"}), True),
        (statement(Bool={"aws:SecureTransport": "true"}), True),
        ({**statement(), "Effect": "Deny"}, False),
        ({"Effect": "Allow", "NotPrincipal": {"AWS": OWN}, "Action": "*", "Resource": "*"}, True),
    ],
)
def test_what_lets_everybody_in(written: dict[str, Any], is_public: bool) -> None:
    assert bool(public({"Statement": written})) is is_public
    assert bool(public({"Statement": [statement({"AWS": OWN}), written]})) is is_public


def test_no_document_is_not_public() -> None:
    assert public(None) == ()


def test_a_denial_names_its_actions_or_the_beginning_of_them() -> None:
    denial = {"Effect": "Deny", "Action": ["backup:Delete*", "backup:PutBackupVaultAccessPolicy"]}
    assert denies(denial, "backup:DeleteRecoveryPoint", "backup:PutBackupVaultAccessPolicy")
    assert not denies(denial, "backup:UpdateRecoveryPointLifecycle")
    assert not denies({**denial, "Effect": "Allow"}, "backup:DeleteRecoveryPoint")
