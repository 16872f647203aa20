"""Anybody's documents stand where they stand in AWS, and what only the writer of a promise can know is asked for."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tableguard.errors import PolicyError
from tableguard.prove.foreign import promise_file
from tableguard.prove.foreign.documents import ForeignDocument
from tableguard.prove.report import ProofReport
from tableguard.settings import example
from tests.worlds.policies import ACCOUNT

KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234"
ANYBODY: dict[str, Any] = {"Principal": "*"}


def document(kind: str, name: str, *statements: Mapping[str, Any]) -> ForeignDocument:
    filled = [{"Effect": "Deny", "Resource": "*", **each} for each in statements]
    return ForeignDocument(name, kind, {"Version": "2012-10-17", "Statement": filled}, name)


def verdicts(folder: Path, promises: str, *documents: ForeignDocument) -> list[str]:
    path = folder / "promises.toml"
    path.write_text(promises, encoding="utf-8")
    file = promise_file.load(path, example())
    return [answer.proof.verdict for answer in promise_file.answers(file, documents)]


def promise(kind: str, action: str, *more: str, callers: str = "role/Admin") -> str:
    return "\n".join([f"[[{kind}]]", 'name = "asked"', f'Action = "{action}"', f'callers = "{callers}"', *more, ""])


SCP = document("scp", "scp/a.json", {"Action": "s3:DeleteBucket"})
ENDPOINT = document("endpoint", "endpoint/e.json", {"Effect": "Allow", "Action": "dynamodb:*", **ANYBODY})
ROLE = document("role", "role/r.json", {"Effect": "Allow", "Action": "dynamodb:*"})
BUCKET = document("resource", "resource/b.json", {"Action": "s3:PutObject", **ANYBODY})
PUT = promise("must-deny", "s3:PutObject")
ROLES = '[roles]\n"role/app" = {policies = ["role/r"]}\n'


@pytest.mark.parametrize(
    ("documents", "promises", "error"),
    [
        ([SCP, ENDPOINT], PUT, "write endpoint = true if its requests pass the endpoint that has endpoint/e.json"),
        ([SCP, BUCKET], PUT, "write resource = true if its requests are for the resource that has resource/b.json"),
        ([SCP, ROLE], PUT, "whose is role/r.json?"),
        ([ROLE], PUT, "whose is role/r.json?"),
        ([SCP], PUT + "endpoint = true\n", "endpoint = true, and no such policy is among scp/a.json"),
        ([ENDPOINT, document("endpoint", "endpoint/f.json")], PUT + "endpoint = true\n", "a request meets one of them"),
        ([SCP], PUT + 'documents = ["rcp/*"]\n', "no document is called rcp/*; there are scp/a.json"),
        ([SCP, ROLE], ROLES.replace("role/r", "role/x") + PUT, "no role's document is called role/x"),
        (
            [SCP, ROLE],
            ROLES + promise("must-allow", "s3:GetObject", callers="account"),
            "account are given different policies; name the callers",
        ),
        (
            [ENDPOINT],
            promise("must-deny", "s3:PutObject", 'Condition = {Null = {"aws:SourceVpce" = "true"}}'),
            "asks for requests without aws:SourceVpce, and through an endpoint",
        ),
    ],
)
def test_what_only_the_writer_can_know_is_asked_for(
    documents: list[ForeignDocument], promises: str, error: str, tmp_path: Path
) -> None:
    with pytest.raises(PolicyError, match=re.escape(error)) as raised:
        verdicts(tmp_path, promises, *documents)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("documents", "promises", "expected"),
    [
        # an endpoint's policy speaks of the requests that pass it, a bucket's of those for the bucket
        ([SCP, ENDPOINT], PUT + "endpoint = false\n", ["refuted"]),
        ([SCP, ENDPOINT], PUT + "endpoint = true\n", ["proved"]),
        ([SCP, ENDPOINT], PUT + 'documents = ["scp/*"]\n', ["refuted"]),
        ([ENDPOINT], PUT, ["proved"]),
        ([SCP, BUCKET], PUT + "resource = false\n", ["refuted"]),
        ([SCP, BUCKET], PUT + "resource = true\n", ["proved"]),
        # a role's document binds its role; other callers are administrators
        ([SCP, ROLE], ROLES + PUT, ["refuted"]),
        ([SCP, ROLE], ROLES + promise("must-deny", "s3:PutObject", callers="role/app"), ["proved"]),
        ([SCP, ROLE], ROLES + promise("must-deny", "s3:PutObject", callers="account"), ["refuted"]),
        ([SCP, ROLE], ROLES + PUT.replace('"role/Admin"', '["role/app", "role/Admin"]'), ["proved", "refuted"]),
        (
            [SCP, ROLE],
            '[roles]\naccount = {policies = ["role/*"]}\n' + PUT.replace("role/Admin", "account"),
            ["proved"],
        ),
        # a boundary allows nothing and limits
        (
            [ROLE, document("role", "role/boundary.json", {"Effect": "Allow", "Action": "s3:*"})],
            '[roles]\n"role/app" = {policies = ["role/r"], boundary = "role/boundary"}\n'
            + promise("must-deny", "dynamodb:GetItem", callers="role/app"),
            ["proved"],
        ),
    ],
)
def test_each_kind_of_document_stands_where_it_stands_in_aws(
    documents: list[ForeignDocument], promises: str, expected: list[str], tmp_path: Path
) -> None:
    assert verdicts(tmp_path, promises, *documents) == expected


LIST = document("scp", "scp/list.json", {"Effect": "Allow", "Action": "s3:*"})


@pytest.mark.parametrize(
    ("documents", "written", "expected"),
    [
        (SCP, "", "proved"),
        (LIST, "", "refuted"),
        (LIST, "full-access = true\n", "proved"),
        (SCP, "full-access = false\n", "refuted"),
    ],
)
def test_full_access_is_assumed_beside_denials_only(
    documents: ForeignDocument, written: str, expected: str, tmp_path: Path
) -> None:
    assert verdicts(tmp_path, written + promise("must-allow", "dynamodb:DeleteTable"), documents) == [expected]


@pytest.mark.parametrize(
    ("denied", "asked", "expected"),
    [
        ("ec2:*", "ec2:RunInstances", "refuted"),
        ("*", "ec2:RunInstances", "refuted"),
        ("*", "dynamodb:DeleteTable", "proved"),
        ("kms:*", "kms:RetireGrant", "refuted"),
        ("*", "kms:*", "refuted"),
        ("kms:*", "kms:Decrypt", "proved"),
    ],
)
def test_an_rcp_stops_the_services_that_rcps_know_only(denied: str, asked: str, expected: str, tmp_path: Path) -> None:
    rcp = document("rcp", "rcp/r.json", {"Action": denied, **ANYBODY})
    ours = f'Condition = {{StringEquals = {{"aws:ResourceAccount" = "{ACCOUNT}"}}}}'
    assert verdicts(tmp_path, promise("must-deny", asked, ours), rcp) == [expected]


def grant(kind: str, action: str, principal: str) -> ForeignDocument:
    arn = f"arn:aws:iam::{ACCOUNT}:{principal}"
    return document(kind, f"{kind}/x.json", {"Effect": "Allow", "Action": action, "Principal": {"AWS": arn}})


@pytest.mark.parametrize(("kind", "action"), [("key", "kms:Decrypt"), ("trust", "sts:AssumeRole")])
@pytest.mark.parametrize(
    ("named", "allowed", "denied"),
    [("role/k", "refuted", "proved"), ("root", "proved", "refuted"), ("role/Admin", "proved", "refuted")],
)
def test_without_permission_of_a_keys_or_a_roles_own_policy_no_other_helps(  # noqa: PLR0917  # two tables and a fixture
    kind: str, action: str, named: str, allowed: str, denied: str, tmp_path: Path
) -> None:
    documents = grant(kind, action, named)
    assert verdicts(tmp_path, promise("must-allow", action), documents) == [allowed]
    assert verdicts(tmp_path, promise("must-deny", action), documents) == [denied]


OUTSIDE = f'Condition = {{StringNotEquals = {{"aws:PrincipalAccount" = "{ACCOUNT}"}}}}'
OF_ANOTHER = 'Condition = {StringEquals = {"aws:ResourceAccount" = "444455556666"}}'
OURS = {"Effect": "Allow", "Action": "s3:*", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
OBJECTS = 'Resource = "arn:aws:s3:::mydata/*"'


@pytest.mark.parametrize(
    ("line", "more", "expected"),
    [
        (OUTSIDE, "", "proved"),
        (OUTSIDE, "resource = true", "proved"),
        (OUTSIDE, "resource = false", "refuted"),
        # a promise that says whose resource it is about is taken at its word: its owner may do everything
        (OF_ANOTHER, "resource = true", "refuted"),
    ],
)
def test_a_resource_with_a_policy_here_is_in_the_account_that_the_file_names(
    line: str, more: str, expected: str, tmp_path: Path
) -> None:
    bucket = document("resource", "resource/b.json", OURS)
    asked = promise("must-deny", "s3:PutObject", OBJECTS, line, more, callers="anyone")
    assert verdicts(tmp_path, asked, bucket) == [expected]


def test_a_root_user_who_refutes_is_refuted_by_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "promises.toml"
    path.write_text(promise("must-deny", "s3:PutObject", OBJECTS, OF_ANOTHER, callers="anyone"), encoding="utf-8")
    bucket = document("resource", "resource/b.json", OURS)
    text = ProofReport(tuple(promise_file.answers(promise_file.load(path, example()), [bucket]))).text()
    assert "allowed: the root user needs no policy for what his account has" in text


EXCEPT_PARTNER = document(
    "resource", "resource/b.json", {"Action": "s3:PutObject", "NotResource": "arn:aws:s3:::mydata/partner/*", **ANYBODY}
)
PARTNER = 'NotResource = "arn:aws:s3:::mydata/partner/*"'


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ([OBJECTS], "refuted"),
        ([OBJECTS, PARTNER], "proved"),
        ([OBJECTS, PARTNER.replace("partner/", "partner")], "proved"),
        ([OBJECTS, PARTNER.replace("partner", "partners")], "refuted"),
        ([PARTNER], "proved"),
    ],
)
def test_a_promise_may_be_about_a_resource_but_for_a_part_of_it(more: list[str], expected: str, tmp_path: Path) -> None:
    bucket = {**EXCEPT_PARTNER.document["Statement"][0]}
    del bucket["Resource"]
    found = ForeignDocument("b", "resource", {"Version": "2012-10-17", "Statement": [bucket]}, "resource/b.json")
    assert verdicts(tmp_path, promise("must-deny", "s3:PutObject", *more), found) == [expected]


@pytest.mark.parametrize(
    ("kind", "granted", "asked"),
    [
        ("key", "kms:Decrypt", "s3:GetObject"),
        ("trust", "sts:AssumeRole", "s3:GetObject"),
        ("resource", "s3:*", "kms:Decrypt"),
    ],
)
def test_a_resources_policy_is_asked_about_its_own_actions(kind: str, granted: str, asked: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=f"kind/x.json is of kind {kind}".replace("kind/", f"{kind}/")):
        verdicts(tmp_path, promise("must-deny", asked), grant(kind, granted, "root"))


def test_federated_callers_are_asked_about_where_a_trust_policy_names_them(tmp_path: Path) -> None:
    action = "sts:AssumeRoleWithWebIdentity"
    named = {"Principal": {"Federated": "cognito-identity.amazonaws.com"}}
    trust = document("trust", "trust/x.json", {"Effect": "Allow", "Action": action, **named})
    nobody = promise("must-deny", action, callers="anyone")
    assert verdicts(tmp_path, nobody, trust) == ["refuted"]
    assert verdicts(tmp_path, nobody, grant("trust", "sts:AssumeRole", "root")) == ["proved"]


TAG = "aws:RequestTag/CostCenter"
DEMAND = document("scp", "a", {"Action": "ec2:RunInstances", "Condition": {"Null": {TAG: "true"}}})
NON_EMPTY = document("scp", "a", {"Action": "ec2:RunInstances", "Condition": {"StringNotLike": {TAG: "?*"}}})
NO_EMPTY = document("scp", "a", {"Action": "ec2:RunInstances", "Condition": {"StringEquals": {TAG: ""}}})


@pytest.mark.parametrize(
    ("documents", "wanted", "condition", "expected"),
    [
        (DEMAND, "must-deny", f'{{StringNotLike = {{"{TAG}" = "?*"}}}}', "refuted"),
        (NON_EMPTY, "must-deny", f'{{StringNotLike = {{"{TAG}" = "?*"}}}}', "proved"),
        (DEMAND, "must-deny", f'{{StringEquals = {{"{TAG}" = ""}}}}', "refuted"),
        (NO_EMPTY, "must-deny", f'{{StringEquals = {{"{TAG}" = ""}}}}', "proved"),
        (NO_EMPTY, "must-allow", f'{{Null = {{"{TAG}" = "false"}}}}', "refuted"),
        (NO_EMPTY, "must-allow", f'{{StringLike = {{"{TAG}" = "?*"}}}}', "proved"),
        (NON_EMPTY, "must-allow", f'{{StringLike = {{"{TAG}" = "*"}}}}', "refuted"),
        # what AWS makes is never empty
        (
            document("scp", "a", {"Action": "*", "Condition": {"Null": {"aws:SourceVpce": "true"}}}),
            "must-deny",
            '{StringNotLike = {"aws:SourceVpce" = "?*"}}',
            "proved",
        ),
    ],
)
def test_absent_empty_and_other_texts_are_three_things(
    documents: ForeignDocument, wanted: str, condition: str, expected: str, tmp_path: Path
) -> None:
    promises = promise(wanted, "ec2:RunInstances", f"Condition = {condition}")
    assert verdicts(tmp_path, promises, documents) == [expected]


OWN = "${aws:PrincipalTag/team, 'nobody'}"
OTHERS = document("scp", "a", {"Action": "ec2:*", "Condition": {"StringNotEquals": {"aws:ResourceTag/team": OWN}}})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        # with a tag of their own callers are not nobody's
        ('StringEquals = {"aws:ResourceTag/team" = "nobody"}, Null = {"aws:PrincipalTag/team" = "true"}', "proved"),
        ('StringEquals = {"aws:ResourceTag/team" = "nobody"}', "refuted"),
        (f'StringEquals = {{"aws:ResourceTag/team" = "{OWN}"}}', "proved"),
    ],
)
def test_a_variable_has_its_default_only_where_its_key_is_absent(condition: str, expected: str, tmp_path: Path) -> None:
    promises = promise("must-allow", "ec2:StopInstances", f"Condition = {{{condition}}}")
    assert verdicts(tmp_path, promises, OTHERS) == [expected]


@pytest.mark.parametrize(
    ("organization", "expected"),
    [("<organization-id>", "proved"), ("o-somebodyelse", "refuted")],
)
def test_scps_bind_callers_of_the_organization_only(organization: str, expected: str, tmp_path: Path) -> None:
    condition = f'Condition = {{StringEquals = {{"aws:PrincipalOrgID" = "{organization}"}}, '
    condition += f'StringNotEquals = {{"aws:PrincipalAccount" = "{example().management_account_id}"}}, '
    condition += 'ArnNotLike = {"aws:PrincipalArn" = "arn:aws:iam::*:role/aws-service-role/*"}}'
    promises = promise("must-deny", "s3:DeleteBucket", condition, callers="anyone")
    assert verdicts(tmp_path, promises, SCP) == [expected]
