"""A zone is named as AWS and everybody else names it; another name is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from tableguard.errors import TableError
from tableguard.store.bootcamp.zone import zone_named


def test_a_zone_knows_its_summer_time() -> None:
    zone = zone_named("America/Toronto")
    offsets = [datetime(2023, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)]
    assert offsets == [timedelta(hours=-5), timedelta(hours=-4)]
    assert zone_named("UTC") is UTC


@pytest.mark.parametrize("name", ["Nowhere/Land", "", "../../etc/passwd", "America"])
def test_a_name_of_no_zone_is_refused(name: str) -> None:
    with pytest.raises(TableError, match="no zone of that name here"):
        zone_named(name)
