"""Operations whose actions are named otherwise: each is an operation, and leads to actions that there are."""

import pytest
from botocore.loaders import Loader

from tableguard.aws.cloudtrail.names import of_model
from tableguard.aws.operations import main_action, otherwise_named, parameters_of, service_of
from tableguard.policy import service_reference

UNIVERSE = service_reference.load()
MODEL = {
    "metadata": {"endpointPrefix": "monitoring"},
    "operations": {"Put": {"input": {"shape": "PutInput"}}, "List": {}},
    "shapes": {"PutInput": {"members": {"Name": {}, "Value": {}}}},
}


def test_each_operation_that_is_listed_is_one_of_botocore_s() -> None:
    loader = Loader()
    models = {
        name: loader.load_service_model(name, "service-2") for name, service in UNIVERSE.models.items() if service
    }
    operations = {
        f"{service_of(model)}:{of_model(name, operation)}"
        for name, model in models.items()
        for operation in model["operations"]
    }
    assert otherwise_named().keys() - operations == set()


def test_each_action_that_is_listed_is_one_of_its_service_unless_that_is_not_covered() -> None:
    actions = {action for named in otherwise_named().values() for action in named.actions}
    elsewhere = {action.partition(":")[0] for action in actions} - UNIVERSE.services
    assert elsewhere == {"s3-object-lambda", "s3-outposts", "s3express"}
    covered = {action for action in actions if action.partition(":")[0] in UNIVERSE.services}
    assert covered == {str(UNIVERSE.actions[action.lower()]) for action in covered}


def test_each_group_has_its_page() -> None:
    assert {named.because.partition("://")[0] for named in otherwise_named().values()} == {"https"}


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("s3:HeadBucket", "s3:ListBucket"),
        ("s3:CopyObject", "s3:PutObject"),
        ("dynamodb:ExecuteStatement", "dynamodb:PartiQLSelect"),
        ("dynamodb:GetItem", "dynamodb:GetItem"),
    ],
)
def test_an_operation_requires_the_listed_action_first_or_that_of_its_own_name(operation: str, action: str) -> None:
    assert main_action(operation) == action


def test_a_model_s_operations_have_the_names_of_their_parameters() -> None:
    assert parameters_of(MODEL) == {"Put": frozenset({"Name", "Value"}), "List": frozenset()}


@pytest.mark.parametrize(
    ("metadata", "service"),
    [
        ({"endpointPrefix": "monitoring"}, "cloudwatch"),
        ({"endpointPrefix": "tagging"}, "tag"),
        ({"endpointPrefix": "kms"}, "kms"),
        ({"endpointPrefix": "streams.dynamodb", "signingName": "dynamodb"}, "dynamodb"),
    ],
)
def test_a_model_s_service_is_the_prefix_that_iam_has_for_it(metadata: dict[str, str], service: str) -> None:
    assert service_of({**MODEL, "metadata": metadata}) == service
