"""Which VPC the holder of an access key stands in, and by which endpoint its requests leave it.

On loopback nothing shows from where a request comes, so whoever makes a session says it: the estate of the
application's and the members', Lambda's poller of a function's own, by the function's VpcConfig.
"""

from typing import Any, NamedTuple

# DynamoDB has gateway endpoints; its streams, an API of their own, have not:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/privatelink-streams.html
_BEHIND_GATEWAYS = {"dynamodb": "dynamodb", "s3": "s3"}  # moto's name of the API -> the endpoint's last word


class Place(NamedTuple):
    """A VPC of an account in a region."""

    account: str
    region: str
    vpc_id: str


_places: dict[str, Place] = {}


def stand_in(access_key_id: str, place: Place) -> None:
    """From now on, requests that are signed with this key come out of this VPC."""
    _places[access_key_id] = place


def forget() -> None:
    """Nobody stands anywhere, as before the first session."""
    _places.clear()


def endpoint_for(access_key_id: str, api: str, region: str) -> Any | None:
    """The endpoint, as moto's EC2 keeps it, by which a request leaves its VPC; None if it comes over the internet."""
    from moto.ec2.models import ec2_backends  # noqa: PLC0415  # the poller imports this module where no moto runs

    place = _places.get(access_key_id)
    # a gateway endpoint serves its own region only
    if place is None or api not in _BEHIND_GATEWAYS or region != place.region:
        return None
    name = f"com.amazonaws.{region}.{_BEHIND_GATEWAYS[api]}"
    endpoints = list(ec2_backends[place.account][region].vpc_end_points.values())
    return next((each for each in endpoints if (each.vpc_id, each.service_name) == (place.vpc_id, name)), None)
