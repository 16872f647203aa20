"""A document by which nothing could be decided is refused when it is attached, with the service's own error code."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tableguard.local.landing_zone import LandingZone
from tests.worlds import edge
from tests.worlds.edge import ACCOUNT, REGION, client_of, new_table, refusal

Document = dict[str, Any]
NAME = "attached"


def _document(**statement: object) -> Document:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]}


OF_RESOURCE = _document(Action="*", Resource="*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
OF_ROLE = _document(Action="*", Resource="*")
DENY_ATTACHING = {"Effect": "Deny", "Action": "dynamodb:PutResourcePolicy", "Resource": "*", "Principal": "*"}
TRUST = _document(Action="sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
OF_SCP = _document(Action="*", Resource="*")
OF_RCP = _document(Effect="Deny", Action="s3:DeleteBucket", Resource="*", Principal="*")


@dataclass(frozen=True)
class Attaching:
    """A call that attaches a document: which parameter takes it, what else it needs, and a document that is good."""

    service: str
    operation: str
    parameter: str
    good: Document
    more: dict[str, Any]

    def call(self, zone: LandingZone, document: object) -> None:
        """Attach a document as the account's administrator."""
        client = client_of(zone, "administrator", self.service)
        getattr(client, self.operation)(**self.more, **self._parameters(document))

    def refused(self, zone: LandingZone, document: object) -> tuple[int, str, str]:
        """Return status, code and message with which a document is refused."""
        call = getattr(client_of(zone, "administrator", self.service), self.operation)
        return refusal(call, **self.more, **self._parameters(document))

    def _parameters(self, document: object) -> dict[str, str]:
        return {self.parameter: document if isinstance(document, str) else json.dumps(document)}


ROLE, TABLE = {"RoleName": NAME}, {"ResourceArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{NAME}"}
ATTACHING = [
    Attaching("dynamodb", "put_resource_policy", "Policy", OF_RESOURCE, TABLE),
    Attaching("kms", "create_key", "Policy", OF_RESOURCE, {}),
    Attaching("s3", "put_bucket_policy", "Policy", OF_RESOURCE, {"Bucket": NAME}),
    Attaching("iam", "create_policy", "PolicyDocument", OF_ROLE, {"PolicyName": NAME}),
    Attaching("iam", "put_role_policy", "PolicyDocument", OF_ROLE, {**ROLE, "PolicyName": NAME}),
    Attaching("iam", "update_assume_role_policy", "PolicyDocument", TRUST, ROLE),
    Attaching("iam", "create_role", "AssumeRolePolicyDocument", TRUST, {"RoleName": "another"}),
]
CODES = {
    "dynamodb": "ValidationException",
    "iam": "MalformedPolicyDocument",
    "kms": "MalformedPolicyDocumentException",
    "s3": "MalformedPolicy",
}
MALFORMED: dict[str, dict[str, object]] = {
    "no statement": {"Statement": []},
    "statement without effect": {"Statement": [{"Action": "*", "Resource": "*"}]},
    "unknown element": {"Statment": []},
}


@pytest.fixture(scope="module")
def zone() -> Iterator[LandingZone]:
    with edge.running() as prepared:
        new_table(prepared, NAME)
        bucket = {"Bucket": NAME, "CreateBucketConfiguration": {"LocationConstraint": REGION}}
        client_of(prepared, "setup", "s3").create_bucket(**bucket)
        client_of(prepared, "setup", "iam").create_role(**ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))
        yield prepared


@pytest.mark.parametrize("attaching", ATTACHING, ids=lambda attaching: attaching.operation)
def test_a_malformed_document_is_refused_and_a_good_one_attached(zone: LandingZone, attaching: Attaching) -> None:
    for change in MALFORMED.values():
        status, code, message = attaching.refused(zone, attaching.good | change)
        assert (status, code) == (400, CODES[attaching.service])
        assert message.startswith(f"Invalid policy document: {attaching.parameter}: ")
    attaching.call(zone, attaching.good)


@pytest.mark.parametrize("text", ["no JSON", "[]"])
def test_what_is_no_document_is_refused(zone: LandingZone, text: str) -> None:
    bucket = next(attaching for attaching in ATTACHING if attaching.service == "s3")
    assert bucket.refused(zone, text)[:2] == (400, "MalformedPolicy")


def test_after_a_refusal_the_table_answers_by_the_policy_that_it_had(zone: LandingZone) -> None:
    table = next(attaching for attaching in ATTACHING if attaching.service == "dynamodb")
    client = client_of(zone, "administrator", "dynamodb")
    table.call(zone, OF_RESOURCE)
    table.refused(zone, {"Version": "2012-10-17", "Statement": []})
    assert json.loads(client.get_resource_policy(**TABLE)["Policy"]) == OF_RESOURCE
    assert client.describe_table(TableName=NAME)["Table"]["TableName"] == NAME


def test_a_resource_s_policy_names_principals_and_a_role_s_does_not(zone: LandingZone) -> None:
    by_operation = {attaching.operation: attaching for attaching in ATTACHING}
    assert by_operation["put_bucket_policy"].refused(zone, OF_ROLE)[1] == "MalformedPolicy"
    assert by_operation["put_role_policy"].refused(zone, OF_RESOURCE)[1] == "MalformedPolicyDocument"


def test_whoever_may_not_attach_is_denied_before_the_document_is_read(zone: LandingZone) -> None:
    table = next(attaching for attaching in ATTACHING if attaching.service == "dynamodb")
    table.call(zone, OF_RESOURCE | {"Statement": [*OF_RESOURCE["Statement"], DENY_ATTACHING]})
    assert table.refused(zone, {"Version": "2012-10-17", "Statement": []})[:2] == (400, "AccessDeniedException")
    client_of(zone, "setup", "dynamodb").delete_resource_policy(**TABLE)


@pytest.mark.parametrize(("kind", "good"), [("SERVICE_CONTROL_POLICY", OF_SCP), ("RESOURCE_CONTROL_POLICY", OF_RCP)])
def test_a_policy_of_the_organization_is_read_as_its_type(zone: LandingZone, kind: str, good: Document) -> None:
    organizations = zone.session("management").client("organizations")
    new = {"Name": f"new {kind}", "Description": "", "Type": kind}
    other = json.dumps(OF_RCP if good is OF_SCP else OF_SCP)
    assert refusal(organizations.create_policy, **new, Content=other)[:2] == (400, "MalformedPolicyDocumentException")
    made = organizations.create_policy(**new, Content=json.dumps(good))["Policy"]["PolicySummary"]["Id"]
    changed = refusal(organizations.update_policy, PolicyId=made, Content=other)
    assert changed[:2] == (400, "MalformedPolicyDocumentException")
    organizations.update_policy(PolicyId=made, Content=json.dumps(good), Description="changed")


def test_a_policy_of_another_type_and_a_change_of_the_name_alone_are_nothing_to_read(zone: LandingZone) -> None:
    organizations = zone.session("management").client("organizations")
    tags = {"Name": "tags", "Description": "", "Type": "TAG_POLICY", "Content": '{"tags": {}}'}
    made = organizations.create_policy(**tags)["Policy"]["PolicySummary"]["Id"]
    organizations.update_policy(PolicyId=made, Name="other tags")
