"""CloudTrail's names of services and operations, and what only reads."""

import pytest

from tableguard.aws.cloudtrail.names import event_name, event_region, event_source, is_read_only, of_model
from tableguard.policy import service_reference

# services whose levels in the service authorization reference are as CloudTrail's readOnly
_SERVICES = (
    "application-autoscaling",
    "cloudtrail",
    "config",
    "dynamodb",
    "events",
    "lambda",
    "organizations",
    "sns",
    "sqs",
)
# where CloudTrail's samples differ from the reference, and what is no operation
_OTHERWISE = frozenset(
    (
        "cloudtrail:GenerateQueryResultsSummary",
        "config:DeliverConfigSnapshot",
        "dynamodb:ConditionCheckItem",
        "dynamodb:PartiQLSelect",
        "dynamodb:ReadDataForReplication",
    )
)


@pytest.mark.parametrize(
    ("service", "source"),
    [
        ("application-autoscaling", "autoscaling.amazonaws.com"),
        ("cloudwatch", "monitoring.amazonaws.com"),
        ("dynamodb", "dynamodb.amazonaws.com"),
        ("tag", "tagging.amazonaws.com"),
    ],
)
def test_the_source_is_the_host_of_the_service(service: str, source: str) -> None:
    assert event_source(service) == source


@pytest.mark.parametrize(
    ("service", "operation", "name"),
    [
        ("lambda", "UpdateFunctionCode", "UpdateFunctionCode20150331v2"),
        ("lambda", "Invoke", "Invoke"),
        ("s3", "PutBucketLifecycleConfiguration", "PutBucketLifecycle"),
        ("s3", "PutBucketPolicy", "PutBucketPolicy"),
        ("dynamodb", "UpdateFunctionCode", "UpdateFunctionCode"),
    ],
)
def test_lambda_dates_its_names_and_s3_has_names_of_its_own(service: str, operation: str, name: str) -> None:
    assert event_name(service, operation) == name


def test_records_of_global_services_are_of_one_region() -> None:
    assert event_region("iam", "eu-central-1") == "us-east-1"
    assert event_region("sts", "eu-central-1") == "eu-central-1"  # clients ask the endpoint of their region


@pytest.mark.parametrize("service", _SERVICES)
def test_what_reads_is_what_the_service_reference_says(service: str) -> None:
    actions = [action for action in service_reference.load().actions.values() if action.service == service]
    known = [action for action in actions if action.level != "Unknown" and str(action) not in _OTHERWISE]
    assert known
    assert [str(a) for a in known if is_read_only(service, a.name) != (a.level in ("List", "Read"))] == []


def test_the_samples_go_before_the_reference() -> None:
    assert is_read_only("kms", "GenerateDataKey")  # a Write action
    assert is_read_only("sts", "AssumeRole")
    assert not is_read_only("dynamodb", "ExecuteStatement")  # whatever its statement


@pytest.mark.parametrize(
    ("model", "operation", "named"),
    [
        ("s3control", "PutPublicAccessBlock", "PutAccountPublicAccessBlock"),
        ("s3", "PutPublicAccessBlock", "PutPublicAccessBlock"),
        ("s3control", "ListTagsForResource", "ListTagsForResource"),
    ],
)
def test_what_two_models_name_alike_is_told_apart(model: str, operation: str, named: str) -> None:
    assert of_model(model, operation) == named
