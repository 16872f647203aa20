"""Context keys of the command line: what no request can have is refused with what is accepted."""

import pytest

from tableguard.errors import PolicyError
from tableguard.prove.explain.context import context_of


@pytest.mark.parametrize(
    ("key", "wrong", "right", "accepted"),
    [
        ("aws:SourceIp", "999", "203.0.113.7", "an address, such as 203.0.113.7"),
        ("aws:SourceIp", "10.0.0.0/8", "2001:db8::1", "an address"),  # what a policy has is a block, a request none
        ("aws:SourceIp", "", "10.0.0.1", "an address"),
        ("AWS:sourceip", "x", "10.0.0.1", "an address"),
        ("aws:CurrentTime", "never", "2026-12-01T00:00:00Z", "such as 2026-12-01T12:00:00Z, or seconds since 1970"),
        ("aws:EpochTime", "2026-13-01", "1795996800", "such as 2026"),
        ("aws:MultiFactorAuthAge", "abc", "300", "a number"),
        ("aws:SecureTransport", "perhaps", "false", "true or false"),
        ("aws:SourceArn", "trail", "arn:aws:cloudtrail:eu-central-1:111122223333:trail/x", "an ARN"),
        ("cloudwatch:requestManagedResourceARNs", "x", "arn:aws:sns:eu-central-1:111122223333:x", "an ARN"),
        ("aws:SourceVpce", "a\nb", "vpce-1", "a text of printable characters"),
    ],
)
def test_a_value_that_is_not_of_its_keys_type_is_refused(key: str, wrong: str, right: str, accepted: str) -> None:
    with pytest.raises(PolicyError, match=f"^--context {key}=.*: accepted: {accepted}") as refusal:
        context_of([f"{key}={wrong}"])
    assert "\n" not in str(refusal.value)
    assert context_of([f"{key}={right}"]) == {key: right}


@pytest.mark.parametrize("key", ["ec2:InstancePlatform", "aws:PrincipalTag/age", "ecs:cluster"])
def test_a_key_of_texts_or_of_a_service_that_is_not_known_may_have_any(key: str) -> None:
    assert context_of([f"{key}=x"]) == {key: "x"}


def test_only_a_key_of_several_values_has_several() -> None:
    assert context_of(["aws:TagKeys=a", "aws:TagKeys=b"]) == {"aws:TagKeys": ("a", "b")}
    assert context_of(["ecs:x=a", "ecs:x=b"]) == {"ecs:x": ("a", "b")}
    with pytest.raises(PolicyError, match=r"^--context aws:SourceVpce: 2 values, a, b; accepted: one$"):
        context_of(["aws:SourceVpce=a", "aws:SourceVpce=b"])


@pytest.mark.parametrize("text", ["aws:SourceVpce", "=x", "nonsense=x", ""])
def test_what_is_no_key_with_a_value_is_refused(text: str) -> None:
    with pytest.raises(PolicyError, match="accepted: KEY=VALUE, as in aws:SourceVpce=vpce-1a2b3c4d"):
        context_of([text])
    assert context_of(["aws:SourceVpce=x=y"]) == {"aws:SourceVpce": "x=y"}


def test_a_key_that_aws_does_not_have_is_refused() -> None:
    with pytest.raises(PolicyError, match="--context: aws:SourceVpcee: AWS knows no such context key"):
        context_of(["aws:SourceVpcee=x"])
