"""The corrections of moto's DynamoDB, one a file; each says what moto 5.2.5 does, and what AWS does.

A later one may wrap what an earlier one put in place: forwarding comes last, and a request is whole before that.
"""

from tableguard.local.moto.dynamodb import (
    atomic,
    batch_limits,
    cancellations,
    conditions,
    empty_keys,
    forwarding,
    item_limits,
    iterators,
    legacy,
    one_at_a_time,
    query,
    streams,
    transactions,
    updates,
    values,
    writes,
)

_IN_ORDER = (
    one_at_a_time,
    batch_limits,
    conditions,
    updates,
    streams,
    iterators,
    cancellations,
    transactions,
    query,
    item_limits,
    writes,
    empty_keys,
    legacy,
    values,
    atomic,
    forwarding,
)


def install() -> None:
    """Put them all into moto; each names the function that it replaces."""
    for correction in _IN_ORDER:
        correction.install()
