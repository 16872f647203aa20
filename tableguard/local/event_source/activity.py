"""The activity that pollers wait for: writes that may have made stream records, and changes of mappings.

Lambda asks a stream four times a second. Here a poller in the same process is told of each request that wrote, so that
an idle one asks nothing. What nobody tells of, such as DynamoDB Local's own deletion of expired items, is noticed at
the next slow poll.
"""

from threading import Condition, Event
from typing import NamedTuple


class Seen(NamedTuple):
    """The numbers of writes and of changes of mappings so far."""

    writes: int = 0
    mappings: int = 0


class Activity:
    """Counts activity, and lets threads wait for more of it."""

    def __init__(self) -> None:
        self._seen = Seen()
        self._condition = Condition()

    @property
    def seen(self) -> Seen:
        """Return the numbers of now."""
        return self._seen

    def announce_write(self) -> None:
        """Wake who waits: a stream may have new records, which can be read already."""
        with self._condition:
            self._seen = self._seen._replace(writes=self._seen.writes + 1)
            self._condition.notify_all()

    def announce_mapping(self) -> None:
        """Wake who waits: a mapping was created, changed or deleted."""
        with self._condition:
            self._seen = self._seen._replace(mappings=self._seen.mappings + 1)
            self._condition.notify_all()

    def wake(self) -> None:
        """Wake who waits without having seen anything: an event that ends a wait is set."""
        with self._condition:
            self._condition.notify_all()

    def wait(self, seen: Seen, seconds: float, ended: Event) -> None:
        """Return once there was activity after `seen`, after some seconds, or once `ended` is set and `wake` called."""
        with self._condition:
            self._condition.wait_for(lambda: self._seen != seen or ended.is_set(), seconds)


ACTIVITY = Activity()  # moto makes a handler for each request, which finds it nowhere else
