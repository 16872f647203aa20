"""[cache]: the DAX cluster of the optional stack `cache`."""

from tableguard.reading.toml_table import Section
from tableguard.settings.model import Cache
from tableguard.settings.values import Values

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAX.concepts.cluster.html: eleven nodes at most
MOST_NODES = 11
# A TTL of zero is no short one: DAX then keeps what it has until room is needed.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAX.cluster-management.html#DAX.cluster-management.custom-settings.ttl
LONGEST_TTL = 3600


def cache(section: Section) -> Values:
    cluster = Cache(
        node_type=section.text(
            "node_type", pattern=r"dax\.[a-z][0-9][a-z]*\.[0-9]*[a-z]+", accepted="a node type, such as dax.r5.large"
        ),
        nodes=section.number("nodes", 1, MOST_NODES),
        query_ttl_seconds=section.number("query_ttl_seconds", 1, LONGEST_TTL, default=5),
        item_ttl_seconds=section.number("item_ttl_seconds", 1, LONGEST_TTL, default=5),
    )
    return {"cache": cluster}
