"""Check what a link to another network reaches: a gateway endpoint serves its own VPC alone.

Nothing that comes over a VPN, Direct Connect, a transit gateway or a peering passes a gateway endpoint; an interface
endpoint has addresses of the VPC, which do.
https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html#gateway-endpoint-limitations
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tableguard.cloudformation.template_files import TemplateFile
from tableguard.findings.finding import Finding
from tableguard.findings.outcome import Outcome

ENGINE = "network links"
_LINKS = {
    "AWS::EC2::TransitGatewayAttachment": "a transit gateway",
    "AWS::EC2::TransitGatewayVpcAttachment": "a transit gateway",
    "AWS::EC2::VPCPeeringConnection": "a peering",
    "AWS::EC2::VPNGateway": "a VPN or Direct Connect",
}
_ENDPOINT = "AWS::EC2::VPCEndpoint"
# the services that have gateway endpoints, at the end of a service's name, however a template puts it together
_SERVICE = re.compile(r"\.(dynamodb|s3)\W*$")
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/privatelink-interface-endpoints.html
_PRIVATE_NAME = "DynamoDB has no private name for an interface endpoint, and EC2 refuses to make it"


def check(sources: Iterable[TemplateFile]) -> Outcome:
    """Check all templates together: a link in one may need an endpoint of another."""
    templates = tuple(sources)
    findings = (*_unreached(templates), *_private_names(templates))
    failed = len({finding.file for finding in findings})
    return Outcome(ENGINE, "templates", len(templates) - failed, failed, findings)


def _unreached(templates: Sequence[TemplateFile]) -> Iterator[Finding]:
    endpoints = [properties for source in templates for properties in source.resources(_ENDPOINT).values()]
    kinds = {kind: {_service(one) for one in endpoints if _kind(one) == kind} for kind in ("Gateway", "Interface")}
    for service in sorted(kinds["Gateway"] - kinds["Interface"] - {None}, key=str):
        for source in templates:
            for type_name, link in _LINKS.items():
                for logical_id in source.resources(type_name):
                    yield _finding(
                        source,
                        "unreached-endpoint",
                        ("Resources", logical_id),
                        f"nothing that comes over {link} reaches {service} by its gateway endpoint",
                        f"add an interface endpoint of {service}, and let those clients take its name as endpoint URL",
                    )


def _private_names(templates: Sequence[TemplateFile]) -> Iterator[Finding]:
    for source in templates:
        for logical_id, properties in source.resources(_ENDPOINT).items():
            wants = str(properties.get("PrivateDnsEnabled")).lower() == "true"
            if wants and (_kind(properties), _service(properties)) == ("Interface", "dynamodb"):
                path = ("Resources", logical_id, "Properties", "PrivateDnsEnabled")
                remedy = "set it to false, and let clients take the endpoint's own name as endpoint URL"
                yield _finding(source, "no-private-name", path, _PRIVATE_NAME, remedy)


def _kind(properties: dict[str, Any]) -> str:
    return str(properties.get("VpcEndpointType", "Gateway"))


def _service(properties: dict[str, Any]) -> str | None:
    match = _SERVICE.search(json.dumps(properties.get("ServiceName")))
    return match[1] if match else None


def _finding(source: TemplateFile, rule: str, path: tuple[str, ...], problem: str, remedy: str) -> Finding:
    return Finding(rule, source.file, "/".join(path), source.line_of(path), problem, remedy)
