"""The SCPs on an account as its organization has them: which of them are guardrails of the workload."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.errors import DeployError
from tableguard.prove.preflight.organization import guardrails
from tableguard.settings import example

SETTINGS = example()
PARENTS = {SETTINGS.account_id: "ou-exam-inner", "ou-exam-inner": "ou-exam-outer", "ou-exam-outer": "r-exam"}
BREAK_GLASS = SETTINGS.role_arn("break-glass")
OTHER = BREAK_GLASS.replace("break-glass", "other")


def document(exempt: str, **more: str) -> str:
    statement = {"Effect": "Deny", "Action": "iam:*", "Resource": "*", **more}
    condition = {"ArnNotLike": {"aws:PrincipalArn": [exempt]}}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]})


class Organizations:
    """A session and client of an organization whose targets have these SCPs."""

    def __init__(self, attached: dict[str, str], refused: bool = False) -> None:
        self.attached, self.refused = attached, refused

    def client(self, service: str, region_name: str) -> Any:
        assert (service, region_name) == ("organizations", SETTINGS.home_region)
        return self

    def list_parents(self, ChildId: str) -> Any:  # as AWS writes it
        return {"Parents": [{"Id": PARENTS[ChildId]}]}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_policies_for_target"
        return self

    def paginate(self, TargetId: str, Filter: str) -> Any:
        if self.refused:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not you"}}, "ListPolicies")
        assert Filter == "SERVICE_CONTROL_POLICY"
        return [{"Policies": [{"Id": TargetId, "Name": f"of-{TargetId}"}] if TargetId in self.attached else []}]

    def describe_policy(self, PolicyId: str) -> Any:
        return {"Policy": {"Content": self.attached[PolicyId]}}


@pytest.mark.parametrize("target", [SETTINGS.account_id, "ou-exam-inner", "ou-exam-outer", "r-exam"])
def test_an_scp_that_exempts_a_role_of_the_workload_is_a_guardrail_wherever_it_is_attached(target: str) -> None:
    assert [scp.name for scp in guardrails(SETTINGS, Organizations({target: document(BREAK_GLASS)}))] == [
        f"of-{target}"
    ]
    assert guardrails(SETTINGS, Organizations({target: document(OTHER)})) == ()


@pytest.mark.parametrize("role", [*SETTINGS.exempt_roles, BREAK_GLASS, "arn:aws:iam::*:role/*-break-glass"])
def test_a_pattern_that_covers_a_role_exempts_it(role: str) -> None:
    assert len(guardrails(SETTINGS, Organizations({"r-exam": document(role)}))) == 1


def test_a_guardrail_that_cannot_be_read_is_refused_and_another_s_is_left_to_its_owner() -> None:
    with pytest.raises(DeployError, match=r"organization: SCP of-r-exam: .*; so nobody can tell whom it stops"):
        guardrails(SETTINGS, Organizations({"r-exam": document(BREAK_GLASS, Efect="Deny")}))
    assert guardrails(SETTINGS, Organizations({"r-exam": document(OTHER, Efect="Deny")})) == ()


def test_who_may_not_ask_is_told_so() -> None:
    with pytest.raises(DeployError, match=r"the SCPs of account 111122223333 cannot be read: .*not you"):
        guardrails(SETTINGS, Organizations({}, refused=True))
