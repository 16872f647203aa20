"""Compute a month's bill from usage and prices, line by line; a line without a price is listed, not guessed."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from tableguard.cost.prices import Price, Prices
from tableguard.cost.usage import COMPRESSED, DAYS, EVENT_BYTES, GB, HOURS, KEY_MINUTES, LOG_LINE_BYTES, Usage
from tableguard.scale.workload import PAGE


@dataclass(frozen=True)
class BillLine:
    """One item of the bill: a quantity at a price."""

    group: str  # table, copies, function, monitoring, login, cache or network
    what: str
    quantity: float
    price: Price

    @property
    def usd(self) -> float:
        """Return the USD of a month."""
        return self.quantity * self.price.each


@dataclass(frozen=True)
class Bill:
    """The bill of a month in one mode of capacity, and the items without a price."""

    mode: str
    lines: tuple[BillLine, ...]
    unpriced: tuple[str, ...]

    @property
    def usd(self) -> float:
        """Return the USD of a month."""
        return sum(line.usd for line in self.lines)

    def usd_of(self, group: str) -> float:
        """Return the USD of one group's lines."""
        return sum(line.usd for line in self.lines if line.group == group)


_Item = tuple[str, str, float, str]  # group, what, quantity, name of the price


def bill(usage: Usage, prices: Prices, mode: str) -> Bill:
    """Return the bill of a month in one of MODES."""
    items = [item for item in _items(usage, mode) if item[2]]
    return Bill(
        mode,
        tuple(BillLine(group, what, quantity, prices[name]) for group, what, quantity, name in items if name in prices),
        tuple(f"{what} ({name})" for _, what, _, name in items if name not in prices),
    )


def _items(usage: Usage, mode: str) -> Iterator[_Item]:
    hits = usage.circumstances.hit_ratio if mode in ("dax", "serverless-cache") else 0.0
    yield from _capacity(usage, hits, mode)
    yield from _copies(usage)
    yield from _function(usage)
    yield from _monitoring(usage, hits)
    yield from _caches(usage, mode)
    if usage.estate.user_pools:
        yield "login", "people who sign in", usage.circumstances.active_users, "cognito-plus-user"
    yield from _network(usage)


def _capacity(usage: Usage, hits: float, mode: str) -> Iterator[_Item]:
    throughput = list(_throughput(usage, hits, mode))
    yield from throughput
    for group, what, quantity, name in throughput:
        yield group, f"Savings Plan, of {what.split(',')[0]}", -usage.circumstances.savings_plan * quantity, name
    yield "table", "bulk puts", usage.circumstances.bulk_gb, "dynamodb-bulk-put"
    yield "table", "storage, table and index", usage.storage_gb, "dynamodb-storage"


def _throughput(usage: Usage, hits: float, mode: str) -> Iterator[_Item]:
    if mode == "provisioned":
        yield "table", "write capacity, table and index", _provisioned(usage, 1), "dynamodb-write-capacity-unit"
        yield "table", "read capacity, table and index", _provisioned(usage, 0), "dynamodb-read-capacity-unit"
    else:
        writes = usage.total("table_writes") + usage.total("index_writes")
        cached = usage.total("cached_reads") + usage.total("index_reads")
        reads = usage.total("table_reads") + usage.total("index_reads") - hits * cached
        yield "table", "writes, table and index", writes, "dynamodb-write-request-unit"
        yield "table", "reads, table and index", reads, "dynamodb-read-request-unit"


def _provisioned(usage: Usage, unit: int) -> float:
    """Return the unit-hours of a month: each hour has what it and the hour before needed, at the target.

    Auto scaling goes up within minutes, and down after fifteen of them and not as often.
    https://repost.aws/knowledge-center/dynamodb-auto-scaling
    """
    names = (("table_reads", "index_reads"), ("table_writes", "index_writes"))[unit]
    lowest, target = usage.estate.lowest_units[unit], usage.estate.target_percent / 100
    total = 0
    for name in names:
        needed = [max(lowest, ceil(getattr(hour, name) / target)) for hour in usage.day]
        total += sum(max(needed[hour], needed[hour - 1]) for hour in range(24))
    return total * DAYS


def _copies(usage: Usage) -> Iterator[_Item]:
    yield "copies", "point-in-time recovery", usage.table_gb, "dynamodb-point-in-time-recovery"
    # each is a full copy: https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html
    days = usage.estate.backup_days
    yield "copies", f"{days} daily backups", usage.table_gb * days, "backup-storage"


def _function(usage: Usage) -> Iterator[_Item]:
    yield "function", "reading the stream", usage.total("polls"), "dynamodb-streams-read-by-lambda"
    yield "function", "invocations", usage.total("invocations"), "lambda-request"
    yield "function", "duration", usage.total("gb_seconds"), "lambda-duration-arm"


def _monitoring(usage: Usage, hits: float) -> Iterator[_Item]:
    estate, around = usage.estate, usage.circumstances
    calls = usage.total("calls") - hits * usage.total("cached_calls")
    polls = usage.total("polls")
    logged = (calls + polls) * EVENT_BYTES / GB + usage.total("invocations") * LOG_LINE_BYTES / GB
    # the first copy of an account's management events is free, and each of the two trails is the first of its account
    # https://aws.amazon.com/cloudtrail/pricing/
    of_management = around.oversight_events * EVENT_BYTES / GB if estate.oversight else 0.0
    yield "monitoring", "data events: calls to the table", calls, "cloudtrail-data-event"
    yield "monitoring", "data events: polls of the stream", polls, "cloudtrail-data-event"
    summarized = estate.aggregations * (calls + polls)
    yield "monitoring", "data events summarized", summarized, "cloudtrail-aggregated-event"
    # both kinds of Insights look at writes, one of them at reads too: not more than twice
    yield "monitoring", "CloudTrail Insights", 2 * around.management_events, "cloudtrail-insights-event"
    yield "monitoring", "logs taken in: trail and function", logged, "cloudwatch-logs-ingestion"
    yield "monitoring", "logs taken in: trail of the management account", of_management, "cloudwatch-logs-ingestion"
    kept = (logged + of_management) * COMPRESSED * estate.log_days / DAYS
    yield "monitoring", "logs kept", kept, "cloudwatch-logs-storage"
    yield "monitoring", "alarms", estate.alarms, "cloudwatch-alarm"
    yield "monitoring", "the function's metrics", estate.function_metrics, "cloudwatch-custom-metric"
    # a metric costs by the hour in which it has a sample; those of the other detections seldom have one
    yield "monitoring", "metrics of rates in the trail", estate.rate_metrics, "cloudwatch-custom-metric"
    yield "monitoring", "rules for throttled keys", estate.insights_rules, "cloudwatch-contributor-insights-rule"
    yield "monitoring", "traces", usage.traces, "xray-trace"
    yield "monitoring", "configuration items", around.changes, "config-item"
    # every six hours the periodic ones, and all others at each change, at most
    evaluations = estate.periodic_rules * 4 * DAYS + estate.triggered_rules * around.changes
    yield "monitoring", "rule evaluations", evaluations, "config-evaluation"
    yield "monitoring", "keys", estate.keys, "kms-key"
    yield "monitoring", "uses of the table's key", around.callers * HOURS * 60 / KEY_MINUTES, "kms-request"


def _network(usage: Usage) -> Iterator[_Item]:
    estate = usage.estate
    interfaces = estate.endpoint_interfaces + usage.circumstances.interface_endpoints
    yield "network", "gateway endpoint", HOURS, "vpc-gateway-endpoint"
    yield "network", "interface endpoints", interfaces * HOURS, "vpc-interface-endpoint"
    yield "network", "VPN connections", estate.vpn_connections * HOURS, "vpn-connection-hour"
    yield "network", "Resolver endpoints", estate.resolver_interfaces * HOURS, "resolver-interface-hour"


def _caches(usage: Usage, mode: str) -> Iterator[_Item]:
    around = usage.circumstances
    if mode == "dax":
        node = usage.estate.cache_node
        yield "cache", f"{around.nodes} DAX nodes", around.nodes * HOURS, f"{node}-hour"
    if mode == "serverless-cache":
        yield "cache", "data held", around.cache_gb * HOURS, "elasticache-serverless-storage"
        yield "cache", "reads and refills", _processing_units(usage), "elasticache-serverless-ecpu"


def _processing_units(usage: Usage) -> float:
    """Return the ECPUs of a month: one for each kilobyte read or written, where each miss is written once.

    https://aws.amazon.com/elasticache/pricing/
    """
    sizes = usage.workload.sizes
    views = usage.total("messages") * usage.workload.views
    kilobytes = max(1.0, PAGE * sizes.message / 1024) + max(1.0, PAGE * sizes.row / 1024)
    return views * kilobytes * (2 - usage.circumstances.hit_ratio)
