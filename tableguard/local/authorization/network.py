"""Assigns access keys to VPCs, and finds the VPC endpoint that a key's requests pass.

On loopback a request does not show where it comes from, so the maker of a session says it: the estate for the
application's and the members' sessions, Lambda's poller for a function's own, by the function's VpcConfig.
"""

from typing import Any

from tableguard.local.authorization.state import STATE, Vpc

# DynamoDB has gateway endpoints; its streams, an API of their own, have not:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/privatelink-streams.html
_BEHIND_GATEWAYS = {"dynamodb": "dynamodb", "s3": "s3"}  # moto's name of the API -> the endpoint's last word


def place_in_vpc(access_key_id: str, vpc: Vpc) -> None:
    """Treat all further requests that are signed with this key as coming out of this VPC."""
    STATE.vpcs[access_key_id] = vpc


def endpoint_for(access_key_id: str, api: str, region: str) -> Any | None:
    """Return the endpoint by which a key's requests leave its VPC, as moto's EC2 keeps it.

    None if the key is in no VPC, or the requests leave it over the internet.
    """
    from moto.ec2.models import ec2_backends  # noqa: PLC0415  # the poller imports this module where no moto runs

    vpc = STATE.vpcs.get(access_key_id)
    # a gateway endpoint serves its own region only
    if vpc is None or api not in _BEHIND_GATEWAYS or region != vpc.region:
        return None
    name = f"com.amazonaws.{region}.{_BEHIND_GATEWAYS[api]}"
    endpoints = list(ec2_backends[vpc.account][region].vpc_end_points.values())
    # an interface endpoint has names of its own, by which nothing here is called: DynamoDB has no private one
    gateways = (endpoint for endpoint in endpoints if (endpoint.vpc_endpoint_type or "Gateway") == "Gateway")
    matching = (endpoint for endpoint in gateways if (endpoint.vpc_id, endpoint.service_name) == (vpc.vpc_id, name))
    return next(matching, None)
