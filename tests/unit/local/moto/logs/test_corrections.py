"""A metric filter that is put again is changed, not doubled, as on AWS."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local import server
from tableguard.local.clients.factory import Clients


def test_putting_a_metric_filter_again_replaces_it() -> None:
    with server.start() as running:
        logs = Clients(running.endpoint)("logs", "111122223333", "eu-central-1")
        transformation: Any = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
        for group in ("a", "b"):
            logs.create_log_group(logGroupName=group)
        for group, pattern in (("a", "first"), ("b", "of b"), ("a", "second")):
            logs.put_metric_filter(
                logGroupName=group, filterName="f", filterPattern=pattern, metricTransformations=[transformation]
            )
        patterns = {
            (each["logGroupName"], each["filterPattern"])
            for group in ("a", "b")
            for each in logs.describe_metric_filters(logGroupName=group)["metricFilters"]
        }
    assert patterns == {("a", "second"), ("b", "of b")}


def test_a_filter_pattern_is_tested_on_lines_and_one_that_is_none_is_refused() -> None:
    with server.start() as running:
        logs = Clients(running.endpoint)("logs", "111122223333", "eu-central-1")
        lines = ['{"n": 1}', '{"n": 2}', "n = 2"]
        matches = logs.test_metric_filter(filterPattern="{ $.n = 2 }", logEventMessages=lines)["matches"]
        assert matches == [{"eventNumber": 1, "eventMessage": '{"n": 2}'}]
        with pytest.raises(ClientError, match="InvalidParameterException"):
            logs.test_metric_filter(filterPattern="{ $.n ? 2 }", logEventMessages=lines)
