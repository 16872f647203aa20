"""What an account and its organization lack: asked, said in words, and set by one call each."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.errors import DeployError
from tableguard.stacks.deployment import account

ACCOUNT, ORGANIZATION = "111122223333", "o-exampleorgid"
BLOCKED = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
TYPES = ("RESOURCE_CONTROL_POLICY", "SERVICE_CONTROL_POLICY")


class Control:
    """S3 Control's client: it answers with a block of public access, or with an error."""

    def __init__(self, answer: dict[str, bool] | str) -> None:
        self.answer, self.put = answer, list[dict[str, Any]]()

    def get_public_access_block(self, **_: str) -> dict[str, Any]:
        if isinstance(self.answer, str):
            raise ClientError({"Error": {"Code": self.answer, "Message": "so"}}, "GetPublicAccessBlock")
        return {"PublicAccessBlockConfiguration": self.answer}

    def put_public_access_block(self, **block: Any) -> None:
        self.put.append(block)


class Organizations:
    """The client of an organization whose root has enabled some types of policies."""

    def __init__(self, *enabled: str, organization: str = ORGANIZATION) -> None:
        self.organization, self.enabled = organization, list(enabled)

    def describe_organization(self) -> dict[str, Any]:
        return {"Organization": {"Id": self.organization}}

    def list_roots(self) -> dict[str, Any]:
        kinds = [{"Type": kind, "Status": "ENABLED"} for kind in self.enabled]
        return {
            "Roots": [{"Id": "r-exam", "PolicyTypes": [*kinds, {"Type": "TAG_POLICY", "Status": "PENDING_ENABLE"}]}]
        }

    def enable_policy_type(self, RootId: str, PolicyType: str) -> None:  # as boto3 names them
        assert RootId == "r-exam"
        self.enabled.append(PolicyType)


@pytest.mark.parametrize(
    "answer",
    ["NoSuchPublicAccessBlockConfiguration", {}, *({**BLOCKED, key: False} for key in BLOCKED)],
    ids=str,
)
def test_whatever_is_open_is_closed_by_one_call(answer: dict[str, bool] | str) -> None:
    control = Control(answer)
    (change,) = account.public_access(control, ACCOUNT)
    assert (change.what, control.put) == (f"account {ACCOUNT}: block public access to every bucket", [])
    change.make()
    assert control.put == [{"AccountId": ACCOUNT, "PublicAccessBlockConfiguration": BLOCKED}]


def test_an_account_that_blocks_everything_lacks_nothing() -> None:
    assert list(account.public_access(Control(BLOCKED), ACCOUNT)) == []


def test_a_question_that_is_refused_is_no_answer() -> None:
    with pytest.raises(
        DeployError, match=f"account {ACCOUNT}: its block of public access cannot be read: .*AccessDenied"
    ):
        list(account.public_access(Control("AccessDenied"), ACCOUNT))


@pytest.mark.parametrize(("enabled", "lacking"), [((), TYPES), (TYPES[:1], TYPES[1:]), (TYPES, ())])
def test_types_that_are_not_enabled_are_enabled(enabled: tuple[str, ...], lacking: tuple[str, ...]) -> None:
    client = Organizations(*enabled)
    changes = list(account.policy_types(client, ORGANIZATION, TYPES))
    assert [change.what for change in changes] == [
        f"organization {ORGANIZATION}: enable policies of type {kind}" for kind in lacking
    ]
    for change in changes:
        change.make()
    assert sorted(client.enabled) == sorted(TYPES)


def test_another_organization_is_left_alone() -> None:
    with pytest.raises(DeployError, match=r"organization\.id: the management account's is o-another"):
        list(account.policy_types(Organizations(organization="o-another"), ORGANIZATION, TYPES))
