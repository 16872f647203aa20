"""Every form in which AWS words a denial is read; a text that is none is refused, and so is an encoded one."""

import pytest

from tableguard.errors import PolicyError
from tableguard.policy.evaluate import Layer
from tableguard.prove.why.message import parse

USER = "arn:aws:iam::777788889999:user/JohnDoe"
ASKED = f"User: {USER} is not authorized to perform: codecommit:ListRepositories"
SAFE = "arn:aws:secretsmanager:us-east-1:777788889999:secret:a"
DENIED = f"User: {USER} is not authorized to perform: secretsmanager:GetSecretValue on resource: {SAFE}"
SCP = "arn:aws:organizations::987654321098:policy/o-qv5af4abcd/service_control_policy/p-2kgnabcd"


# the examples of https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
@pytest.mark.parametrize(
    ("text", "layer", "explicit"),
    [
        (f"{ASKED} because no service control policy allows the codecommit:ListRepositories action", "scp", False),
        (f"{ASKED} with an explicit deny in a service control policy", "scp", True),
        (f"{DENIED} with an explicit deny in a resource control policy", "rcp", True),
        (f"{ASKED} because no VPC endpoint policy allows the codecommit:ListRepositories action", "endpoint", False),
        (f"{DENIED} with an explicit deny in a VPC endpoint policy", "endpoint", True),
        (f"{ASKED} because no permissions boundary allows the codecommit:ListRepositories action", "boundary", False),
        (f"{ASKED} with an explicit deny in a permissions boundary", "boundary", True),
        (f"{ASKED} because no session policy allows the codecommit:ListRepositories action", "session", False),
        (f"{DENIED} with an explicit deny in a sessions policy", "session", True),
        (f"{DENIED} because no resource-based policy allows the a:GetSecretValue action", "resource", False),
        (f"{DENIED} with an explicit deny in a resource-based policy", "resource", True),
        (f"{ASKED} because no role trust policy allows the sts:AssumeRole action", "resource", False),
        (f"{ASKED} with an explicit deny in the role trust policy", "resource", True),
        (f"{ASKED} because no identity-based policy allows the codecommit:ListRepositories action", "identity", False),
        (f"{ASKED} with an explicit deny in an identity-based policy", "identity", True),
        (f"{ASKED}.", None, False),
        (DENIED, None, False),
    ],
)  # fmt: skip
def test_each_form_of_the_page_is_read(text: str, layer: Layer | None, explicit: bool) -> None:
    refused = parse(f"An error occurred (AccessDenied) when calling the X operation: {text}")
    assert (refused.user, refused.layer, refused.explicit, refused.policy_arn) == (USER, layer, explicit, "")
    assert refused.resource == (SAFE if "on resource" in text else "*")
    assert refused.action == ("secretsmanager:GetSecretValue" if "secrets" in text else "codecommit:ListRepositories")


@pytest.mark.parametrize("end", ["", ".", "\n", ". Go to https://a.b/c for complete details"])
def test_the_arn_of_the_policy_is_read(end: str) -> None:
    refused = parse(f"{DENIED} with an explicit deny in a service control policy: {SCP}{end}")
    assert (refused.layer, refused.explicit, refused.policy_arn) == ("scp", True, SCP)
    assert refused.reason == f"the message says that {SCP} denies it"


def test_the_authorization_id_is_read() -> None:
    more = "or call the GetRequestAuthorizationDetails API with the following authorization id: 1a2b3c4d5e6f7g8h9i0j"
    refused = parse(f"{DENIED} with an explicit deny in a service control policy: {SCP}. Go to https://a/b, {more}")
    assert (refused.policy_arn, refused.authorization_id) == (SCP, "1a2b3c4d5e6f7g8h9i0j")


def test_a_message_that_a_terminal_broke_is_read() -> None:
    broken = DENIED.replace(" ", "\n", 4)
    assert parse(broken).resource == SAFE


def test_ec2s_words_before_the_message_are_passed_over() -> None:
    assert parse(f"You are not authorized to perform this operation. {ASKED}").user == USER


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Access Denied", "no message of denied access is found in this text; accepted: "),
        ("", "no message of denied access"),
        (
            "You are not authorized to perform this operation. Encoded authorization failure message: 4GIOHlTkIaWHQD",
            "only AWS can decode it, for whoever may call sts:DecodeAuthorizationMessage: aws sts decode-",
        ),
        (
            f"{ASKED} with an explicit deny in a weather policy",
            "'weather policy' is no kind of policy; known: id",
        ),
    ],
)
def test_what_is_no_message_is_refused_with_what_is(text: str, problem: str) -> None:
    with pytest.raises(PolicyError, match=r".*") as refusal:
        parse(text)
    assert problem in str(refusal.value)


S3 = f"User: {USER} is not authorized to perform: s3:GetObject on resource: "
IAM = f"User: {USER} is not authorized to perform: iam:ListAccessKeys on resource: "
SNS = f"User: {USER} is not authorized to perform: SNS:Publish on resource: arn:aws:sns:eu-west-1:777788889999:a"
KMS = f"User: {USER} is not authorized to perform: kms:Decrypt on "


@pytest.mark.parametrize(
    ("text", "action", "resource"),
    [
        (f'{S3}"arn:aws:s3:::b/k"', "s3:GetObject", "arn:aws:s3:::b/k"),
        (f"{S3}arn:aws:s3:::b/k", "s3:GetObject", "arn:aws:s3:::b/k"),
        (f'{S3}"arn:aws:s3:::b/two words.txt"', "s3:GetObject", "arn:aws:s3:::b/two words.txt"),
        (f'{S3}\\"arn:aws:s3:::b/k\\"', "s3:GetObject", "arn:aws:s3:::b/k"),  # a message inside JSON
        (f"{IAM}user mina", "iam:ListAccessKeys", "arn:aws:iam::777788889999:user/mina"),
        (f"{IAM}arn:aws:iam::777788889999:user/mina", "iam:ListAccessKeys", "arn:aws:iam::777788889999:user/mina"),
        (f"{IAM}instance profile web", "iam:ListAccessKeys", "arn:aws:iam::777788889999:instance-profile/web"),
        # https://github.com/aws-amplify/amplify-js/issues/7540
        (f"{IAM}policy arn:aws:iam::777788889999:policy/p", "iam:ListAccessKeys", "arn:aws:iam::777788889999:policy/p"),
        (SNS, "sns:Publish", "arn:aws:sns:eu-west-1:777788889999:a"),
        (f"{KMS}the resource associated with this ciphertext", "kms:Decrypt", ""),
        (f"{KMS}this resource", "kms:Decrypt", ""),
        (f"{KMS}resource: {SAFE}", "kms:Decrypt", SAFE),
    ],
)
@pytest.mark.parametrize(
    ("end", "layer"),
    [
        ("", None),
        (" because no identity-based policy allows the x:Y action", "identity"),
        (" with an explicit deny in a service control policy", "scp"),
    ],
)
def test_each_service_s_way_to_write_a_resource_is_read(
    text: str, action: str, resource: str, end: str, layer: Layer | None
) -> None:
    refused = parse(text + end)
    assert (refused.action, refused.resource, refused.layer) == (action, resource, layer)


def test_the_quotes_around_a_message_are_none_of_its_resource() -> None:
    assert parse(f'Resource handler returned message: "{DENIED}" (RequestToken: a)').resource == SAFE
