"""Links to other networks: none is taken to reach a gateway endpoint."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tableguard.check.rules import network_links
from tableguard.cloudformation import template_files
from tableguard.findings.outcome import Outcome
from tableguard.settings import example
from tableguard.stacks.render import render, write
from tests.worlds.settings_files import EXAMPLES

LINKS = ("VPNGateway", "TransitGatewayAttachment", "TransitGatewayVpcAttachment", "VPCPeeringConnection")
DYNAMODB: Any = {"Fn::Sub": "com.amazonaws.${AWS::Region}.dynamodb"}


def endpoint(kind: str | None, service: Any = DYNAMODB, **more: Any) -> dict[str, Any]:
    properties = {"ServiceName": service, **({"VpcEndpointType": kind} if kind else {}), **more}
    return {"Type": "AWS::EC2::VPCEndpoint", "Properties": properties}


def checked(folder: Path, *templates: dict[str, Any]) -> Outcome:
    sources = []
    for number, resources in enumerate(templates):
        path = folder / f"{number}.yaml"
        body = json.loads(json.dumps({"Resources": resources}))  # no object twice, which YAML would write as an alias
        path.write_text(yaml.safe_dump(body), encoding="utf-8")
        sources.append(template_files.TemplateFile(path.name, path, template_files.read(path)))
    return network_links.check(sources)


@pytest.mark.parametrize("kind", ["Gateway", None])
@pytest.mark.parametrize("link", LINKS)
def test_a_link_beside_a_gateway_endpoint_alone_is_found_in_whichever_template_it_is(
    tmp_path: Path, link: str, kind: str | None
) -> None:
    outcome = checked(tmp_path, {"E": endpoint(kind)}, {"L": {"Type": f"AWS::EC2::{link}", "Properties": {}}})
    (finding,) = outcome.findings
    assert (finding.rule, finding.file, finding.path, finding.line) == (
        "unreached-endpoint",
        "1.yaml",
        "Resources/L",
        2,
    )
    assert (outcome.passed, outcome.failed) == (1, 1)


@pytest.mark.parametrize(
    "others",
    [
        {"I": endpoint("Interface")},
        {"I": endpoint("Interface", "com.amazonaws.eu-central-1.dynamodb")},
        {},
    ],
)
def test_a_link_is_none_where_an_interface_endpoint_serves_it_or_where_there_is_no_gateway(
    tmp_path: Path, others: dict[str, Any]
) -> None:
    link = {"L": {"Type": "AWS::EC2::VPNGateway", "Properties": {}}}
    gateway = {"E": endpoint("Gateway")} if others else {"E": endpoint("Interface", "com.amazonaws.eu-central-1.kms")}
    assert checked(tmp_path, {**gateway, **others}, link).findings == ()


def test_an_interface_endpoint_of_another_service_serves_no_link(tmp_path: Path) -> None:
    resources = {
        "E": endpoint("Gateway"),
        "I": endpoint("Interface", "com.amazonaws.eu-central-1.s3"),
        "L": {"Type": "AWS::EC2::VPNGateway", "Properties": {}},
    }
    assert [finding.rule for finding in checked(tmp_path, resources).findings] == ["unreached-endpoint"]


def test_a_gateway_endpoint_without_a_link_is_right(tmp_path: Path) -> None:
    assert checked(tmp_path, {"E": endpoint("Gateway")}).findings == ()


@pytest.mark.parametrize("wanted", [True, "true"])
def test_a_private_name_that_dynamodb_has_not_is_found_and_one_that_kms_has_is_not(tmp_path: Path, wanted: Any) -> None:
    kms = endpoint("Interface", "com.amazonaws.eu-central-1.kms", PrivateDnsEnabled=wanted)
    outcome = checked(tmp_path, {"I": endpoint("Interface", PrivateDnsEnabled=wanted), "K": kms})
    assert [(one.rule, one.path) for one in outcome.findings] == [
        ("no-private-name", "Resources/I/Properties/PrivateDnsEnabled")
    ]


@pytest.mark.parametrize("settings", EXAMPLES)
def test_our_stacks_reach_what_they_link(tmp_path: Path, settings: str) -> None:
    sources = template_files.find(write(render(example(settings)), tmp_path)).templates
    assert network_links.check(sources).findings == ()
