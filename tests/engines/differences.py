"""Where DynamoDB Local answers otherwise than the embedded AWS does by itself; the table is in docs/engines.md."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """What is asked, and how each answers."""

    asked: str
    embedded: str
    dynamodb_local: str

    @property
    def row(self) -> str:
        """Its row in docs/engines.md."""
        return f"| {self.asked} | {self.embedded} | {self.dynamodb_local} |"


_TIES = Difference(
    "items of an index with the same key: which comes first (AWS promises no order)",
    "the one with the lower sort key",
    "any",
)

# the case of tests/unit/local/moto/dynamodb/, or tests/cases/{dynamodb_unchanged,streams}.py -> what differs in it
DIFFERENCES = {
    "what_one_item_does_not_allow_is_a_reason_to_cancel": Difference(
        "an Update in a transaction reads an attribute that its item lacks",
        "the transaction is cancelled with ValidationError",
        "ValidationException",
    ),
    "an_update_in_a_transaction_says_what_it_changes": Difference(
        "an Update in a transaction without an UpdateExpression", "ValidationException", "is carried out"
    ),
    "reading_costs_a_unit_for_each_four_kilobytes": Difference(
        "read units of a query that finds nothing, and of absent items in BatchGetItem and TransactGetItems",
        "0.5, and as for 4 KB",
        "0",
    ),
    "batches_and_transactions_add_up": Difference(
        "write units of a transaction",
        "a ConditionCheck costs as a write of its item; index entries cost once",
        "a ConditionCheck costs 2, index entries cost twice; no WriteCapacityUnits in the answer",
    ),
    "a_cancelled_transaction_makes_no_record_and_readers_read_on": Difference(
        "GetRecords with an iterator taken at the end, before a cancelled transaction and a write",
        "gives the record",
        "TrimmedDataAccessException; a new iterator works",
    ),
    "a_failed_condition_returns_the_item_where_asked": Difference(
        "a failed condition's message, besides Error.Message", "also as message", "absent"
    ),
    "an_absent_item_is_not_made_where_nothing_is_set": Difference(
        "an update that only removes attributes of an absent item", "makes no item", "makes the item"
    ),
    "updates_compute": Difference(
        "ReturnValues of an update of part of an attribute", "the part", "the whole attribute"
    ),
    "queries_page_through_table_and_index_in_both_directions": _TIES,
    "queries_take_conditions_filters_and_projections": _TIES,
    "scans_page_filter_and_divide": _TIES,
    "a_shard_and_a_place_in_it_are_there": Difference(
        "a ShardIteratorType that does not exist", "ValidationException", "InternalFailure"
    ),
    "a_page_has_at_most_a_megabyte": Difference("records of 300 KB in a page of GetRecords", "3, within 1 MB", "all"),
    "a_local_index_fetches_nothing": Difference(
        "attributes that a local index does not project", "NotModelled", "are fetched from its table"
    ),
    "an_order_is_that_of_the_keys": Difference(
        "ORDER BY in PartiQL", "items of partitions are ordered by their keys", "InternalFailure"
    ),
    "what_is_not_read_is_refused_in_words": Difference(
        "list_append, set_add and set_delete in PartiQL's UPDATE", "NotModelled", "are carried out"
    ),
    "a_key_in_a_transaction_is_that_of_the_schema": Difference(
        "a key of another schema in TransactGetItems", "ValidationException", "TransactionCanceledException"
    ),
    "pages_end_at_a_megabyte": Difference(
        "a page of items of 300 KB", "ends before 1 MB is exceeded", "ends after 1 MB is exceeded"
    ),
    "transactions_cancel_with_reasons": Difference(
        "the message of a cancellation reason", "The conditional request failed", "the same with a full stop"
    ),
    "backups_restore": Difference(
        "backups, restoring, export and import (settings of backups are kept)", "items are copied", "are refused"
    ),
}
# what no case of those asks
FURTHER = (
    Difference("ApproximateCreationDateTime of a stream record", "the second", "the minute"),
    Difference("an empty map in a stream record", '{"M": {}}', "{}"),
    Difference("sequence numbers of stream records", "22 digits", "21 digits, from 1"),
    Difference("an item whose time to live has passed", "stays", "is deleted within moments, with a REMOVE record"),
    Difference(
        "a page of its Limit that ends at the last key that the condition allows, such as x of sk <= x",
        "has a token",
        "has none, and refuses such a token",
    ),
    Difference(
        "an absent second operand of if_not_exists, where the first is there", "is not read", "ValidationException"
    ),
    Difference("AttributeUpdates with a value and no Action", "PUT", "nothing is changed"),
    Difference(
        "a path into an attribute that is a key of the table or of an index", "leads nowhere", "ValidationException"
    ),
    Difference(
        "transactions of 100 items from four threads", "one after the other", "may time out on a lock; use one thread"
    ),
)
