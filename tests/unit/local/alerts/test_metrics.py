"""Alarms read all metric data, whoever writes some meanwhile."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from tableguard.local.alerts.metrics import Metric, MetricIndex

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = int(MOMENT.timestamp())


class _Datum(SimpleNamespace):
    """A value of moto's; while its dimensions are read, another one comes."""

    data: list[Any]

    @property
    def dimensions(self) -> list[Any]:
        if len(self.data) == 1:
            self.data.append(_datum(self.data))
        return []


def _datum(data: list[Any]) -> _Datum:
    return _Datum(namespace="N", name="m", timestamp=MOMENT, unit="None", value=1.0, data=data)


def test_data_that_comes_while_others_are_read_is_read_the_next_time() -> None:
    data: list[Any] = []
    data.append(_datum(data))
    index, counts = MetricIndex(), []
    for _ in range(3):
        index.update(data)
        statistics = index.between(Metric("N", "m"), SECOND, SECOND + 10)
        counts.append(statistics.samples if statistics else 0)
    assert counts == [1, 2, 2]
