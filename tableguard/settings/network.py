"""[network]: a VPC to make, or one that exists."""

import ipaddress

from tableguard.reading.toml_table import Section
from tableguard.settings.model import ExistingVpc, NewVpc
from tableguard.settings.values import Values

# https://www.rfc-editor.org/rfc/rfc1918: Python's is_private has loopback, link-local and documentation blocks too
PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))


def network(section: Section) -> Values:
    return {"network": _new_vpc(section) if section.choice("vpc", ("new", "existing")) == "new" else _vpc(section)}


def _new_vpc(section: Section) -> NewVpc:
    accepted = "a private IPv4 block from /16 to /24, such as 10.20.0.0/16"
    return NewVpc(cidr=section.take("cidr", accepted, _is_vpc_block), zones=section.choice("zones", (2, 3)))


def _vpc(section: Section) -> ExistingVpc:
    subnets = section.distinct_texts("subnet_ids", r"subnet-[0-9a-f]{8,17}", "subnet ids")
    if len(subnets) < 2:
        raise section.refusal("subnet_ids", "two subnets or more, in different zones")
    return ExistingVpc(
        vpc_id=section.text("vpc_id", pattern=r"vpc-[0-9a-f]{8,17}", accepted="a VPC id"),
        subnet_ids=subnets,
        route_table_ids=section.distinct_texts("route_table_ids", r"rtb-[0-9a-f]{8,17}", "route table ids"),
    )


def _is_vpc_block(text: object) -> bool:
    try:
        block = ipaddress.IPv4Network(text) if isinstance(text, str) else None
    except ValueError:
        return False
    if block is None or str(block) != text:  # Python reads 10.20.0.0/255.255.0.0 too, AWS does not
        return False
    return 16 <= block.prefixlen <= 24 and any(block.subnet_of(private) for private in PRIVATE)
