"""Count in the templates what costs money whatever the traffic, so that no number is written down twice."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from stream_lambda.log import METRICS
from tableguard.settings import Provisioned, Settings
from tableguard.stacks.registry import enabled_stacks

SMALLEST_NODE = "dax.t3.small"


@dataclass(frozen=True)
class EstateCounts:
    """Numbers of the resources that are paid by the month, and the function's settings."""

    alarms: int
    keys: int
    resources: int
    oversight: bool  # whether there is a trail in the management account
    periodic_rules: int
    triggered_rules: int
    insights_rules: int
    function_metrics: int
    rate_metrics: int  # of detections that count what happens all day
    memory: int
    concurrency: int
    backup_days: int
    log_days: int
    cache_node: str  # the type of DAX's nodes: the smallest where the settings have no cache
    user_pools: int  # of the tier with threat protection
    aggregations: int  # five-minute summaries that trails make of data events
    endpoint_interfaces: int  # of interface endpoints, one a zone
    vpn_connections: int
    resolver_interfaces: int
    lowest_units: tuple[int, int]  # (read, write) capacity below which auto scaling does not go
    target_percent: int


@cache
def count_estate(settings: Settings) -> EstateCounts:
    """Count the resources in the stacks of these settings."""
    resources = [
        resource
        for stack in enabled_stacks(settings)
        for resource in stack.document(settings).get("Resources", {}).values()
    ]
    kinds = Counter(resource["Type"] for resource in resources)
    (function,) = (resource["Properties"] for resource in resources if resource["Type"] == "AWS::Lambda::Function")
    (table,) = (resource["Properties"] for resource in resources if resource["Type"] == "AWS::DynamoDB::Table")
    rules = [resource["Properties"] for resource in resources if resource["Type"] == "AWS::Config::ConfigRule"]
    periodic = sum("MaximumExecutionFrequency" in rule for rule in rules)
    alarms = [resource for resource in resources if resource["Type"] == "AWS::CloudWatch::Alarm"]
    capacity = settings.capacity
    provisioned = capacity if isinstance(capacity, Provisioned) else None
    return EstateCounts(
        alarms=len(alarms),
        keys=kinds["AWS::KMS::Key"],
        resources=len(resources),
        oversight=any(stack.name == "oversight" for stack in enabled_stacks(settings)),
        periodic_rules=periodic,
        triggered_rules=len(rules) - periodic,
        # throttled keys only, by partition key and by both: two rules for the table and two for each index
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/contributorinsights_HowItWorks.html
        insights_rules=2 * (1 + len(table["GlobalSecondaryIndexes"])),
        function_metrics=len(METRICS),
        rate_metrics=sum(resource["Properties"]["Threshold"] > 1 for resource in alarms if _counts_records(resource)),
        memory=function["MemorySize"],
        concurrency=function["ReservedConcurrentExecutions"],
        backup_days=settings.backup_days,
        log_days=settings.log_days,
        cache_node=settings.cache.node_type if settings.cache else SMALLEST_NODE,
        user_pools=_total(resources, "AWS::Cognito::UserPool", _plus),
        aggregations=_total(resources, "AWS::CloudTrail::Trail", _entries("AggregationConfigurations")),
        endpoint_interfaces=_total(resources, "AWS::EC2::VPCEndpoint", _entries("SubnetIds")),
        vpn_connections=kinds["AWS::EC2::VPNConnection"],
        resolver_interfaces=_total(resources, "AWS::Route53Resolver::ResolverEndpoint", _entries("IpAddresses")),
        lowest_units=(provisioned.read_units[0], provisioned.write_units[0]) if provisioned else (1, 1),
        target_percent=provisioned.target_percent if provisioned else 70,
    )


def _total(resources: list[dict[str, Any]], kind: str, count: Callable[[dict[str, Any]], int]) -> int:
    return sum(count(resource["Properties"]) for resource in resources if resource["Type"] == kind)


def _entries(name: str) -> Callable[[dict[str, Any]], int]:
    return lambda properties: len(properties.get(name, ()))


def _plus(properties: dict[str, Any]) -> int:
    return int(properties.get("UserPoolTier") == "PLUS")


def _counts_records(alarm: dict[str, Any]) -> bool:
    return bool(alarm["Properties"]["Statistic"] == "SampleCount")
