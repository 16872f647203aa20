"""Faults that the function could have, each in one place."""

from tests.worlds.handler_packages import Fault

# Faults in the function, one at a time: module, what it says, what it says instead.
FAULTS = {
    "rows are overwritten unconditionally": Fault(
        "table", "ConditionExpression=_NEWER", 'ConditionExpression="attribute_not_exists(nothing)"'
    ),
    "an equal message counts as newer": Fault(
        "table", "last_message_at < :last_message_at", "last_message_at <= :last_message_at"
    ),
    "versions are not compared": Fault(
        "table", ' OR "\n    "(last_message_at = :last_message_at AND last_message_version < :last_message_version)', ""
    ),
    "rows are not made": Fault("table", "attribute_not_exists(last_message_at) OR ", ""),
    "an old expiry stays": Fault("table", " REMOVE expires_at", ""),
    "names are overwritten": Fault("table", 'f"{name} = if_not_exists({name}, :{name})"', 'f"{name} = :{name}"'),
    "an invalid row holds the stream up": Fault("table", ', "ValidationException": "refused"', ""),
    "members are read eventually consistent": Fault("batch_get", '"ConsistentRead": True', '"ConsistentRead": False'),
    "unprocessed keys are forgotten": Fault(
        "batch_get", 'answer.get("UnprocessedKeys", {}).get(table_name, {}).get("Keys", [])', "[]"
    ),
    "unread groups are forgotten": Fault("table", "unread += left", "pass"),
    "the last of a batch wins": Fault("decide", "best is None or best.message.stamp <= message.stamp", "True"),
    "the first of a batch wins": Fault("decide", "best is None or best.message.stamp <= message.stamp", "best is None"),
    "the batch comes again from the last failure": Fault("decide", "return min(", "return max("),
    "only one member's row is written": Fault(
        "decide", "groups[group_uuid].members\n", "groups[group_uuid].members[:1]\n"
    ),
    "all rows are taken for first rows": Fault("decide", "        further=member.user_uuid in group.further,\n", ""),
    "the index is not moved with a row": Fault(
        "table", 'name.startswith("other_")', 'name.startswith(("other_", "further_"))'
    ),
    "everybody talks to himself": Fault("decide", "!= member.user_uuid", "== member.user_uuid"),
    "failed writes are forgotten": Fault("handler", 'write.outcome == "failed"', "False"),
    "unread members are forgotten": Fault("handler", "failed = groups.unread |", "failed ="),
    "rows are begun to the very end": Fault("handler", "remaining() < STOP_MILLISECONDS", "False"),
    "a group without members goes unnoticed": Fault(
        "handler", "if group_uuid not in groups.by_uuid.keys() | groups.unread", "if False"
    ),
    "edits are ignored": Fault("records", '("INSERT", "MODIFY")', '("INSERT",)'),
    "bytes are encoded twice": Fault("records", 'base64.b64decode(value["B"], validate=True)', 'value["B"].encode()'),
    "the future is believed": Fault("records", "minutes=5", "weeks=5000"),
    "rows are read as messages": Fault("items", "return pk.startswith(MESSAGE_PREFIX)", "return True"),
    "timestamps are kept as they come": Fault(
        "items", "return timestamp(when if when.tzinfo else when.replace(tzinfo=UTC))", "return text"
    ),
    "previews are not cut": Fault("items", "PREVIEW_CHARACTERS = 140", "PREVIEW_CHARACTERS = 1400"),
    "deleted texts are shown": Fault("items", "if self.deleted:", "if False:"),
    "a failure is not told": Fault("result", "if self.failed_from else []", "if False else []"),
    "a success is told as a failure": Fault("result", " if self.failed_from else []", ""),
    "nothing is answered": Fault("handler", "return result.response", "return None"),
    "the list of failures is misnamed": Fault("result", 'return {"batchItemFailures"', 'return {"batchItemFailure"'),
    "the identifier is misnamed": Fault("result", '"itemIdentifier"', '"itemIdentifer"'),
    "the first record is no failure": Fault("handler", "None if index is None else", "None if not index else"),
    "the batch comes again from its first record": Fault(
        "handler", "sequence_number(records[index])", "sequence_number(records[0])"
    ),
    "the batch comes again from its last record": Fault(
        "handler", "sequence_number(records[index])", "sequence_number(records[-1])"
    ),
    "the batch comes again from the record after the failure": Fault(
        "handler", "sequence_number(records[index])", "sequence_number(records[min(index + 1, len(records) - 1)])"
    ),
    "the event's id is told instead of the record's number": Fault(
        "records", 'number = change.get("SequenceNumber")', 'number = record.get("eventID")'
    ),
}

# Those that lose, hide or turn back a message, and in which scenario they are seen to.
SEEN_IN = {
    "rows are overwritten unconditionally": "the first batch comes again",
    "an equal message counts as newer": "edits and a deletion, in any order, and a crash",
    "versions are not compared": "edits and a deletion, in any order, and a crash",
    "rows are not made": "two groups at the same instant",
    "members are read eventually consistent": "a group that was made just now",
    "unprocessed keys are forgotten": "two groups in a batch that fails in part",
    "unread groups are forgotten": "a call fails once",
    "the last of a batch wins": "a batch that is not in order",
    "the first of a batch wins": "an index that lags",
    "the batch comes again from the last failure": "two groups in a batch that fails in part",
    "only one member's row is written": "nothing goes wrong",
    "all rows are taken for first rows": "a further row beside a first one",
    "failed writes are forgotten": "a call fails once",
    "unread members are forgotten": "a call fails once",
    "edits are ignored": "edits and a deletion, in any order, and a crash",
    "a failure is not told": "a call fails once",
    "a success is told as a failure": "nothing goes wrong",
    "nothing is answered": "a call fails once",
    "the list of failures is misnamed": "a call fails once",
    "the first record is no failure": "a call fails once",
    "the batch comes again from its last record": "two groups in a batch that fails in part",
    "the batch comes again from the record after the failure": "two groups in a batch that fails in part",
}
