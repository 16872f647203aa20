"""What somebody at a terminal should know of functions: which one fails, and why. No text of a message, no log line."""

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from threading import Lock

QUIET_SECONDS = 10.0  # between two notices of the same text
_ERRORS = ("ERROR", "CRITICAL", "FATAL")
_NAME = re.compile(r"[A-Za-z][\w-]{0,39}")  # of an event: a word can be shown, a sentence could quote somebody


class Notices:
    """Passes on each text once in ten seconds, with the number of times that it was not."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._listener: Callable[[str], None] | None = None
        self._said: dict[str, float] = {}
        self._unsaid: Counter[str] = Counter()
        self._lock = Lock()

    def listen(self, listener: Callable[[str], None]) -> None:
        """Pass everything on from now, and what was noted before."""
        self._listener = listener
        self.flush()

    def note(self, text: str) -> None:
        """Pass a text on, now or, if it was passed on a moment ago, later with others like it."""
        with self._lock:
            self._unsaid[text] += 1
            if self._listener is not None and self._clock() - self._said.get(text, -QUIET_SECONDS) >= QUIET_SECONDS:
                self._say(text)

    def flush(self) -> None:
        """Pass on what has waited."""
        with self._lock:
            for text in list(self._unsaid):
                self._say(text)

    def _say(self, text: str) -> None:
        times = self._unsaid.pop(text)
        self._said[text] = self._clock()
        if self._listener is not None:
            self._listener(text if times == 1 else f"{text} ({times} times)")


def error_logged(line: str) -> str | None:
    """Return the event of a line that is JSON of level ERROR or above, in a word; None for any other line."""
    if not line.startswith("{") or '"level"' not in line:
        return None
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    if not isinstance(fields, dict) or fields.get("level") not in _ERRORS or "errorType" in fields:
        return None  # what has an errorType is the runtime's line about an event that failed, which is noted otherwise
    event = fields.get("event")
    return event if isinstance(event, str) and _NAME.fullmatch(event) else "an error"
