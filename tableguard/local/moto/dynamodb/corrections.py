"""The corrections of moto's DynamoDB, one a file; each says what moto 5.2.5 does, and what AWS does.

A later one may wrap what an earlier one put in place: forwarding comes last, and a request is whole before that.
"""

from tableguard.local.moto.dynamodb import (
    api_constraints,
    atomic,
    batch_limits,
    cancellations,
    conditions,
    forwarding,
    item_limits,
    iterators,
    key_sizes,
    keys,
    legacy,
    one_at_a_time,
    partiql,
    projection,
    query,
    stream_api,
    streams,
    tables,
    time_to_live,
    transactions,
    updates,
    values,
    writes,
)

_IN_ORDER = (
    api_constraints,
    one_at_a_time,
    batch_limits,
    conditions,
    updates,
    stream_api,
    streams,
    iterators,
    cancellations,
    transactions,
    partiql,
    projection,
    time_to_live,
    query,
    tables,
    item_limits,
    writes,
    keys,
    key_sizes,
    legacy,
    values,
    atomic,
    forwarding,
)


def install() -> None:
    """Put them all into moto; each names the function that it replaces."""
    for correction in _IN_ORDER:
        correction.install()
