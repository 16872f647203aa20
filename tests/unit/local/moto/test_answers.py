"""Answers of several services that moto invents or leaves out, each as AWS documents it; the twin is answered as ever.

Each test names the correction of tableguard/local/moto that it is of.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tableguard.local import landing_zone, server
from tableguard.local.landing_zone import LandingZone
from tests.worlds.edge import SETTINGS
from tests.worlds.estate import refusal


@pytest.fixture(scope="module")
def zone() -> Iterator[LandingZone]:
    """Accounts of an organization, without stacks."""
    with server.start() as running:
        yield landing_zone.prepare(SETTINGS, running.endpoint)


@pytest.fixture(scope="module")
def of_administrator(zone: LandingZone) -> Any:
    """Clients of a member account's administrator."""
    return zone.session("administrator").client


@pytest.fixture(scope="module")
def of_management(zone: LandingZone) -> Any:
    """Clients of the management account."""
    return zone.session("management").client


@pytest.mark.parametrize(
    ("operation", "parameters"), [("get_session_token", {}), ("get_federation_token", {"Name": "trial"})]
)
def test_sts_gives_a_role_no_credentials_but_by_assuming_roles(
    of_administrator: Any, operation: str, parameters: dict[str, str]
) -> None:
    sts = of_administrator("sts")
    code, message = refusal(getattr(sts, operation), **parameters)
    assert (code, message.endswith("with session credentials")) == ("AccessDenied", True)
    assert sts.get_caller_identity()["Account"] == SETTINGS.account_id


def test_iam_has_no_user_for_a_role(of_administrator: Any) -> None:
    iam = of_administrator("iam")
    assert refusal(iam.get_user) == ("ValidationError", "Must specify userName when calling with non-User credentials")
    iam.create_user(UserName="trial")
    assert iam.get_user(UserName="trial")["User"]["UserName"] == "trial"


def test_organizations_answer_a_member_about_its_organization_alone(of_administrator: Any, of_management: Any) -> None:
    member, management = of_administrator("organizations"), of_management("organizations")
    denied = "AccessDeniedException", "You don't have permissions to access this resource."
    assert refusal(member.list_accounts) == denied
    assert refusal(member.list_policies, Filter="SERVICE_CONTROL_POLICY") == denied
    assert member.describe_organization()["Organization"]["Id"] == SETTINGS.organization_id
    assert SETTINGS.account_id in {account["Id"] for account in management.list_accounts()["Accounts"]}


@pytest.mark.parametrize(
    ("kind", "name"), [("service_control_policy", "p-FullAWSAccess"), ("resource_control_policy", "p-RCPFullAWSAccess")]
)
def test_organizations_policies_of_aws_belong_to_aws(of_management: Any, kind: str, name: str) -> None:
    organizations = of_management("organizations")
    described = organizations.describe_policy(PolicyId=name)["Policy"]["PolicySummary"]["Arn"]
    assert described == f"arn:aws:organizations::aws:policy/{kind}/{name}"


def test_logs_are_kept_for_days_that_aws_has(of_administrator: Any) -> None:
    logs = of_administrator("logs")
    logs.create_log_group(logGroupName="trial")
    assert refusal(logs.put_retention_policy, logGroupName="trial", retentionInDays=8)[0] == "InvalidParameterException"
    logs.put_retention_policy(logGroupName="trial", retentionInDays=7)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7


def test_cloudwatch_describes_as_many_alarms_as_are_asked_for(of_administrator: Any) -> None:
    cloudwatch = of_administrator("cloudwatch")
    metric: Any = {"MetricName": "m", "Namespace": "n", "Period": 60, "Statistic": "Sum"}
    limit: Any = {"EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
    names = [f"alarm-{number:03}" for number in range(101)]
    for name in names:
        cloudwatch.put_metric_alarm(AlarmName=name, **metric, **limit)
    first = cloudwatch.describe_alarms()
    assert [alarm["AlarmName"] for alarm in first["MetricAlarms"]] == names[:100]
    rest = cloudwatch.describe_alarms(NextToken=first["NextToken"])
    assert [alarm["AlarmName"] for alarm in rest["MetricAlarms"]] == names[100:]
    assert "NextToken" not in rest
    pages = cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 40})
    assert [len(page["MetricAlarms"]) for page in pages] == [40, 40, 21]
    assert refusal(cloudwatch.describe_alarms, NextToken="absent")[0] == "InvalidNextToken"


def test_tagging_lists_a_key_and_a_value_once(of_administrator: Any) -> None:
    sqs, tagging = of_administrator("sqs"), of_administrator("resourcegroupstaggingapi")
    for queue, value in (("one", "same"), ("two", "same"), ("three", "other")):
        sqs.create_queue(QueueName=queue, tags={"Owner": value})
    assert tagging.get_tag_keys()["TagKeys"].count("Owner") == 1
    assert sorted(tagging.get_tag_values(Key="Owner")["TagValues"]) == ["other", "same"]
