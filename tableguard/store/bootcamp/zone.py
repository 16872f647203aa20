"""Time zones by their names, from the system's data or the package tzdata."""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tableguard.errors import TableError


def zone_named(name: str) -> tzinfo:
    """Return the zone; TableError if this machine knows none of that name."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TableError(
            f"--zone {name!r}: no zone of that name here; name one as America/Toronto (pip install tzdata brings all)"
        ) from error
