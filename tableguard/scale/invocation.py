"""Model the duration of one invocation of the stream function, from the content of its batch."""

from dataclasses import dataclass
from math import ceil

from stream_lambda.batch_get import KEYS_PER_CALL
from stream_lambda.handler import WORKERS

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
MEMORY_OF_ONE_VCPU = 1769  # MB


@dataclass(frozen=True)
class InvocationModel:
    """The function's memory, and the seconds that its code takes.

    The CPU seconds are those of the shipped handler, measured against a stub of DynamoDB on loopback, on one core of a
    shared x86 machine. `scripts/bench invoking` measures them again, and says how far these are off. Python holds one
    core at a time, so more memory than one vCPU's worth gains nothing.
    """

    memory: int = 256
    fixed: float = 0.005
    record: float = 0.000_04
    row: float = 0.002
    round_trip: float = 0.005  # seconds that one call to DynamoDB is under way: an assumption

    @property
    def cpu_share(self) -> float:
        """Return the share of a core that Lambda gives for this much memory."""
        return min(1.0, self.memory / MEMORY_OF_ONE_VCPU)

    def cpu_seconds(self, records: float, rows: float) -> float:
        """Return the seconds of a whole core."""
        return self.fixed + self.record * records + self.row * rows

    def seconds(self, records: float, groups: float, rows: float) -> float:
        """Return the wall time: members are read call after call, rows are written side by side."""
        reading = ceil(groups / KEYS_PER_CALL) * self.round_trip
        waiting = self.round_trip * ceil(rows / WORKERS)
        return reading + max(waiting, self.cpu_seconds(records, rows) / self.cpu_share)
