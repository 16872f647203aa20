"""The table of steps names actions that AWS has, and is read strictly."""

import botocore.session
import pytest

from tableguard.errors import PolicyError
from tableguard.policy.service_reference import load
from tableguard.prove.reach.kinds import chosen, services, table

# IAM's name of a service -> botocore's, where these differ
BOTOCORE = {
    "bedrock-agentcore": ("bedrock-agentcore", "bedrock-agentcore-control"),
    "elasticmapreduce": ("emr",),
    "kinesisanalytics": ("kinesisanalyticsv2",),
    "states": ("stepfunctions",),
}
# permissions that are no operation of an API of that name
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html
WITHOUT_OPERATION = frozenset(
    ("apigateway:PATCH", "apigateway:POST", "apigateway:PUT", "iam:PassRole", "s3:ListBucket")
)


def actions() -> set[str]:
    return {action for kind in table() for entry in kind.calls for action in entry}


def operations(service: str) -> frozenset[str]:
    session = botocore.session.get_session()
    models = (session.get_service_model(name) for name in BOTOCORE.get(service, (service,)))
    return frozenset(name for model in models for name in model.operation_names)


def test_every_action_of_the_table_is_one_of_aws() -> None:
    known = load().actions
    unknown = [action for action in actions() - WITHOUT_OPERATION if action.lower() not in known]
    by_service = {service: operations(service) for service in {action.partition(":")[0] for action in unknown}}
    assert [action for action in unknown if action.partition(":")[2] not in by_service[action.partition(":")[0]]] == []


def test_every_step_has_a_name_of_its_own_and_a_page() -> None:
    names = [kind.name for kind in table()]
    assert len(set(names)) == len(names)
    assert all(kind.source.startswith("https://") for kind in table())
    assert all(kind.calls for kind in table() if kind.service != "*")


def test_roles_are_handed_to_some_forty_services() -> None:
    assert len(services()) >= 40
    assert all(service.endswith(".amazonaws.com") for service in services())


def test_a_step_is_left_out_by_its_name_and_no_other() -> None:
    assert {kind.name for kind in table()} - {kind.name for kind in chosen(("user-pool",), "p")} == {"user-pool"}
    with pytest.raises(PolicyError, match="p: 'user-pol' is no step; accepted: take-role"):
        chosen(("user-pol",), "p")
