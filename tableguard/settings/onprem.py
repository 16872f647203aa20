"""[onprem]: networks on premises from which the table is reached, and what leads to them."""

import ipaddress

from tableguard.reading.toml_table import Section
from tableguard.settings.model import DirectConnect, OnPremises, Vpn
from tableguard.settings.network import PRIVATE
from tableguard.settings.values import Values


def onprem(section: Section) -> Values:
    link = section.choice("link", ("vpn", "direct-connect", "existing"))
    kinds = {"direct-connect": DirectConnect(), "existing": None}
    return {"on_premises": OnPremises(blocks=_blocks(section), link=_vpn(section) if link == "vpn" else kinds[link])}


def _blocks(section: Section) -> tuple[str, ...]:
    accepted = "private IPv4 blocks from /8 to /32, such as 10.200.0.0/16"
    blocks = section.distinct_texts("blocks", r"[0-9./]+", accepted)
    if not all(map(_is_private_block, blocks)):
        raise section.refusal("blocks", f"a list, not empty and without repetition, of {accepted}")
    return blocks


def _is_private_block(text: str) -> bool:
    try:
        block = ipaddress.IPv4Network(text)
    except ValueError:
        return False
    if str(block) != text:  # Python reads 10.20.0.0/255.255.0.0 too, AWS does not
        return False
    return any(block.subnet_of(private) for private in PRIVATE)


def _vpn(section: Section) -> Vpn:
    accepted = "the public IPv4 address of your VPN device"
    return Vpn(
        device_address=str(section.take("device_address", accepted, _is_public_address)),
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-customergateway.html
        asn=section.number("asn", 1, 2_147_483_647),
    )


def _is_public_address(text: object) -> bool:
    try:
        address = ipaddress.IPv4Address(text) if isinstance(text, str) else None
    except ValueError:
        return False
    if address is None or any(address in private for private in PRIVATE):
        return False
    return not (address.is_loopback or address.is_link_local or address.is_multicast or address.is_reserved)
