"""Assumptions of the cost other than the messages, and the modes of capacity."""

from dataclasses import dataclass

from tableguard.scale.workload import Bound, check

MODES = {
    "on-demand": "on demand",
    "provisioned": "provisioned with auto scaling",
    "dax": "on demand, with DAX",
    "serverless-cache": "on demand, with a serverless cache",
}

BOUNDS = {
    "callers": Bound("principals that use the table at any moment", 1, 1e7),
    "hit_ratio": Bound("the part of reads that a cache answers, of those it may", 0, 1),
    "nodes": Bound("nodes of DAX, one a zone", 1, 11),
    "cache_gb": Bound("GB that a serverless cache holds", 0.1, 5000),
    "management_events": Bound("management events of the account in a month", 0, 1e10),
    "oversight_events": Bound("management events of the management account in a month, reads of keys apart", 0, 1e10),
    "changes": Bound("changes of resources in a month, each recorded by AWS Config", 0, 1e9),
    "interface_endpoints": Bound("interface endpoints times zones, beside those of the stacks", 0, 1000),
    "active_users": Bound("people who sign in in a month, where the stack login makes the user pool", 0, 1e9),
    "bulk_gb": Bound("GB a month that DynamoDB's bulk operations put (StartBulkPutItems)", 0, 1e9),
    "savings_plan": Bound("the part of reads and writes that a Database Savings Plan takes off their price", 0, 0.99),
}


@dataclass(frozen=True)
class Circumstances:
    """The assumptions of the cost other than the messages."""

    callers: int = 10
    hit_ratio: float = 0.8
    nodes: int = 3
    cache_gb: float = 1
    management_events: float = 100_000
    oversight_events: float = 100_000
    changes: float = 100
    interface_endpoints: int = 0
    active_users: float = 10_000
    bulk_gb: float = 0
    savings_plan: float = 0

    def __post_init__(self) -> None:
        check(self, BOUNDS)
