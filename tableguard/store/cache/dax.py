"""A client of a DAX cluster, by Amazon's own package, which is optional."""

from importlib.util import find_spec
from typing import Any

from tableguard.errors import TableError

# of a parameter group in which nobody set one
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAX.concepts.html#DAX.concepts.item-cache
UNSET_TTL_SECONDS = 300


def client(url: str, profile: str | None, region: str) -> Any:
    """Return a client that reads through the cluster at daxs://…; TableError without TLS, package or cluster."""
    if not url.startswith("daxs://"):
        raise TableError(f"--cache {url}: messages would travel unencrypted; use daxs://")
    if find_spec("amazondax") is None:
        raise TableError("--cache: Amazon's client of DAX is not installed; pip install 'tableguard[cache]'")
    from amazondax import AmazonDaxClient  # noqa: PLC0415  # optional
    from amazondax.DaxError import DaxClientError  # noqa: PLC0415
    from botocore.session import Session  # noqa: PLC0415

    try:
        return AmazonDaxClient(Session(profile=profile), region_name=region, endpoint_url=url)
    except (DaxClientError, OSError) as error:
        raise TableError(
            f"--cache {url}: no cluster answers ({error}); it is reached from its VPC alone, by what has the "
            "security group of its clients"
        ) from error
