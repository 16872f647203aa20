"""All that watches an embedded AWS: trails record each call, and rules, filters, alarms and topics react to records.

Nothing happens by itself: whoever runs the estate calls `tick`, after any time or after any number of seconds of the
estate's own clock.
"""
