"""An explicit deny ends with the ARN of its policy, for callers of the resource's own account or organization."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from moto.ec2.models import ec2_backends

from tableguard.local import server
from tableguard.local.authorization import attached_policies, guard
from tableguard.local.authorization.attached_policies import Organization
from tableguard.local.authorization.call import ApiCall, Caller
from tableguard.local.authorization.refusal import Refusal
from tableguard.local.clients.factory import Clients
from tableguard.policy.principals import principal

REGION, MANAGEMENT, STRANGER = "eu-central-1", "123456789012", "111122223333"


def _document(effect: str, **more: object) -> str:
    statement = {"Effect": effect, "Action": "s3:*", "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


ALLOW, DENY, DENY_ALL_CALLERS = _document("Allow"), _document("Deny"), _document("Deny", Principal="*")


@dataclass(frozen=True)
class Accounts:
    """An organization whose member accounts, each with a bucket and roles, are bound by different policies."""

    organization: Organization
    by_name: Mapping[str, str]
    organizations: Any
    endpoint: Any  # of the account `free`, as moto's EC2 keeps it; its policy denies

    def message(self, role: str, account: str, bucket: str | None = None, **more: Any) -> str:
        """Return the words in which a role is refused the listing of a bucket, of its own account unless named."""
        number = self.by_name[account]
        caller = Caller(principal(f"arn:aws:iam::{number}:role/{role}", "me"))
        call = ApiCall(caller, number, REGION, "s3", "ListObjectsV2", {"Bucket": f"bucket-{bucket or account}"})
        with pytest.raises(Refusal) as refused:
            guard.check(replace(call, **more), self.organization, "rest-xml")
        return refused.value.message.partition(f" on resource: arn:aws:s3:::bucket-{bucket or account} ")[2]

    def arn(self, name: str) -> str:
        """Return the ARN of a policy of the organization as its own API tells it."""
        kinds = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
        listed = [found for kind in kinds for found in self.organizations.list_policies(Filter=kind)["Policies"]]
        return next(str(found["Arn"]) for found in listed if found["Name"] == name)


@pytest.fixture(scope="module")
def accounts() -> Iterator[Accounts]:
    with server.start() as running:
        clients = Clients(running.endpoint)
        organizations = clients("organizations", MANAGEMENT, REGION)
        organizations.create_organization(FeatureSet="ALL")
        by_name = {"stranger": STRANGER} | {name: _member(organizations, name) for name in ("free", "scp", "rcp")}
        for name, number in by_name.items():
            _prepare(clients, name, number)
        for kind, document in (("SERVICE", DENY), ("RESOURCE", DENY_ALL_CALLERS)):
            _attach(organizations, f"{kind}_CONTROL_POLICY", document, by_name[f"{kind[0].lower()}cp"])
        organization = attached_policies.organization()
        assert organization is not None
        yield Accounts(organization, by_name, organizations, _endpoint(clients, by_name["free"]))


def _member(organizations: Any, name: str) -> str:
    status = organizations.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]
    return str(status["AccountId"])


def _attach(organizations: Any, kind: str, document: str, target: str) -> None:
    organizations.enable_policy_type(RootId=organizations.list_roots()["Roots"][0]["Id"], PolicyType=kind)
    policy = organizations.create_policy(Type=kind, Name=f"denies-{kind}", Description="", Content=document)["Policy"]
    organizations.attach_policy(PolicyId=policy["PolicySummary"]["Id"], TargetId=target)


def _endpoint(clients: Clients, account: str) -> Any:
    ec2 = clients("ec2", account, REGION)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    service = f"com.amazonaws.{REGION}.s3"
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service, PolicyDocument=DENY_ALL_CALLERS)
    return ec2_backends[account][REGION].vpc_end_points[made["VpcEndpoint"]["VpcEndpointId"]]


def _prepare(clients: Clients, name: str, account: str) -> None:
    """Make a bucket in an account, one whose own policy denies, and a role for each way of being denied."""
    iam, s3 = clients("iam", account, REGION), clients("s3", account, REGION)
    for bucket in (f"bucket-{name}", f"bucket-{name}-denying"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_policy(Bucket=f"bucket-{name}-denying", Policy=DENY_ALL_CALLERS)
    managed = iam.create_policy(PolicyName="denies", PolicyDocument=DENY)["Policy"]["Arn"]
    for role in ("allowed", "managed", "bounded", "inline"):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=ALLOW)
        iam.put_role_policy(RoleName=role, PolicyName="allows", PolicyDocument=ALLOW)
    iam.create_role(RoleName="silent", AssumeRolePolicyDocument=ALLOW)
    iam.attach_role_policy(RoleName="managed", PolicyArn=managed)
    iam.put_role_permissions_boundary(RoleName="bounded", PermissionsBoundary=managed)
    iam.put_role_policy(RoleName="inline", PolicyName="denies", PolicyDocument=DENY)


def test_policies_of_the_organization_are_named(accounts: Accounts) -> None:
    scp, rcp = accounts.arn("denies-SERVICE_CONTROL_POLICY"), accounts.arn("denies-RESOURCE_CONTROL_POLICY")
    assert accounts.message("allowed", "scp") == f"with an explicit deny in a service control policy: {scp}"
    assert accounts.message("allowed", "rcp") == f"with an explicit deny in a resource control policy: {rcp}"
    organization = accounts.organization.id
    assert scp.startswith(f"arn:aws:organizations::{MANAGEMENT}:policy/{organization}/service_control_policy/p-")
    assert rcp.startswith(f"arn:aws:organizations::{MANAGEMENT}:policy/{organization}/resource_control_policy/p-")


def test_managed_policies_and_boundaries_are_named(accounts: Accounts) -> None:
    arn = f"arn:aws:iam::{accounts.by_name['free']}:policy/denies"
    assert accounts.message("managed", "free") == f"with an explicit deny in an identity-based policy: {arn}"
    assert accounts.message("bounded", "free") == f"with an explicit deny in a permissions boundary: {arn}"


def test_policies_without_an_arn_are_called_by_their_kind_alone(accounts: Accounts) -> None:
    assert accounts.message("inline", "free") == "with an explicit deny in an identity-based policy"
    caller = Caller(principal(f"arn:aws:iam::{accounts.by_name['free']}:role/allowed", "me"), session_policy=DENY)
    assert accounts.message("allowed", "free", caller=caller) == "with an explicit deny in a session policy"
    assert (
        accounts.message("allowed", "free", endpoint=accounts.endpoint)
        == "with an explicit deny in a VPC endpoint policy"
    )
    denying = accounts.message("allowed", "free", "free-denying")
    assert denying == "with an explicit deny in a resource-based policy"


def test_where_no_policy_allows_none_is_named(accounts: Accounts) -> None:
    assert accounts.message("silent", "free") == "because no identity-based policy allows the s3:ListBucket action"


def test_across_accounts_of_the_organization_policies_are_named_and_to_strangers_they_are_not(
    accounts: Accounts,
) -> None:
    explicit = "with an explicit deny in a resource control policy"
    named = accounts.arn("denies-RESOURCE_CONTROL_POLICY")
    assert accounts.message("allowed", "free", "rcp") == f"{explicit}: {named}"
    assert accounts.message("allowed", "stranger", "rcp") == explicit


def test_a_policy_of_a_strangers_own_is_named_in_the_own_account_only(accounts: Accounts) -> None:
    explicit = "with an explicit deny in an identity-based policy"
    assert accounts.message("managed", "stranger") == f"{explicit}: arn:aws:iam::{STRANGER}:policy/denies"
    assert accounts.message("managed", "stranger", "free") == explicit
