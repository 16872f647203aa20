"""The regions of AWS's partitions, as the installed botocore lists them."""

import json
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from tableguard.errors import SettingsError

_GLOBAL = "-global"  # the stand-in of a partition for services without regions


@cache
def by_partition() -> dict[str, frozenset[str]]:
    """Return the names of the regions of each partition, opt-in regions too."""
    spec = find_spec("botocore")  # which takes longer to import than to find
    if spec is None or spec.origin is None:
        raise SettingsError("botocore, which lists AWS's regions, is not installed; pip install boto3")
    listed = Path(spec.origin).parent / "data" / "partitions.json"
    return {
        str(partition["id"]): frozenset(name for name in partition["regions"] if not name.endswith(_GLOBAL))
        for partition in json.loads(listed.read_text(encoding="utf-8"))["partitions"]
    }


def unknown_region(name: str, partition: str = "aws") -> str | None:
    """Return why a name is no region of a partition, with the nearest that are; None if it is one."""
    regions = by_partition()[partition]
    if name in regions:
        return None
    from importlib import metadata  # noqa: PLC0415  # takes 20 ms, for an error only

    nearest = ", ".join(sorted(get_close_matches(name, sorted(regions), n=3))) or "none"
    return (
        f"botocore {metadata.version('botocore')} knows no region {name}; nearest: {nearest}; "
        "if AWS has opened it since, pip install --upgrade boto3"
    )
