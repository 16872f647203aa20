"""A mapping's description becomes its configuration, with Lambda's defaults and limits."""

from typing import Any

import pytest

from tableguard.errors import EmbeddedError
from tableguard.local.event_source.configuration import MappingConfiguration, mapping_configuration
from tableguard.local.event_source.event_filter import event_filter
from tests.worlds.mappings import FUNCTION, STREAM

DESCRIPTION = {
    "UUID": "uuid-1",
    "EventSourceArn": STREAM,
    "FunctionArn": FUNCTION,
    "State": "Enabled",
    "StartingPosition": "TRIM_HORIZON",
}


def test_a_configuration_says_what_the_api_says_and_lambdas_defaults_for_the_rest() -> None:
    found = mapping_configuration(DESCRIPTION)
    assert found == MappingConfiguration("uuid-1", FUNCTION, STREAM)
    assert (found.batch_size, found.maximum_retry_attempts, found.maximum_record_age) == (100, -1, -1)
    said = mapping_configuration(
        {
            **DESCRIPTION,
            "State": "Disabled",
            "StartingPosition": "LATEST",
            "BatchSize": 1000,
            "MaximumBatchingWindowInSeconds": 1,
            "BisectBatchOnFunctionError": True,
            "MaximumRetryAttempts": 10,
            "MaximumRecordAgeInSeconds": 43_200,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "FilterCriteria": {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]},
            "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::failures"}},
            "ParallelizationFactor": 1,
            "TumblingWindowInSeconds": 0,
        }
    )
    assert said == MappingConfiguration(
        "uuid-1",
        FUNCTION,
        STREAM,
        enabled=False,
        starting_position="LATEST",
        batch_size=1000,
        batching_window=1,
        bisect=True,
        maximum_retry_attempts=10,
        maximum_record_age=43_200,
        report_batch_item_failures=True,
        event_filter=event_filter({"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]}),
        destination_arn="arn:aws:s3:::failures",
    )


@pytest.mark.parametrize(
    ("name", "refused", "taken", "why"),
    [
        ("BatchSize", 0, 1, "BatchSize is 0; Lambda takes 1 to 10000"),
        ("BatchSize", 10_001, 10_000, "BatchSize is 10001"),
        ("MaximumBatchingWindowInSeconds", 301, 300, "Lambda takes 0 to 300"),
        ("MaximumRetryAttempts", -2, -1, "Lambda takes -1 to 10000"),
        ("MaximumRecordAgeInSeconds", 604_801, 604_800, "Lambda takes -1 to 604800"),
        ("MaximumRecordAgeInSeconds", 59, 60, "is -1 or at least 60"),
        ("ParallelizationFactor", 2, 1, "ParallelizationFactor 2 is not modelled"),
        ("TumblingWindowInSeconds", 30, 0, "TumblingWindowInSeconds 30 is not modelled"),
        ("StartingPosition", "AT_TIMESTAMP", "LATEST", "StartingPosition is TRIM_HORIZON or LATEST"),
        ("EventSourceArn", "arn:aws:sqs:eu-central-1:111122223333:q", STREAM, "is no DynamoDB stream"),
        (
            "FilterCriteria",
            {"Filters": [{"Pattern": '{"a": [{"like": "b"}]}'}]},
            {"Filters": [{"Pattern": '{"a": [{"prefix": "b"}]}'}]},
            "is no comparison",
        ),
    ],
)
def test_what_lambda_refuses_or_is_not_modelled_is_an_error(name: str, refused: Any, taken: Any, why: str) -> None:
    mapping_configuration({**DESCRIPTION, name: taken})
    with pytest.raises(EmbeddedError) as caught:
        mapping_configuration({**DESCRIPTION, name: refused})
    assert why in str(caught.value)
