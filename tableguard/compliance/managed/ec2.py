"""Managed rules about the network."""

from tableguard.compliance.evaluator import Inventory, Parameters, evaluates
from tableguard.compliance.item import ConfigurationItem
from tableguard.compliance.ruling import COMPLIANT, Ruling, broken, not_applicable

_VPC, _ENDPOINT, _FLOW_LOG = "AWS::EC2::VPC", "AWS::EC2::VPCEndpoint", "AWS::EC2::FlowLog"


@evaluates("VPC_ENDPOINT_ENABLED", _VPC)
def endpoint_enabled(item: ConfigurationItem, parameters: Parameters, inventory: Inventory) -> Ruling:
    """Judge whether the VPC has an endpoint of each service: vpc-endpoint-enabled.

    A VPC that vpcIds does not name is left alone. The page leaves open which state an endpoint must have; here it is
    available. The parameter scopeConfigResourceTypes is not judged: it is not deployed.
    """
    if item.resource_id not in (parameters.listed("vpcIds") or (item.resource_id,)):
        return not_applicable("vpcIds names other VPCs")
    served = {
        endpoint.fact("serviceName").rpartition(".")[2]
        for endpoint in inventory.of(_ENDPOINT)
        if endpoint.fact("vpcId") == item.resource_id and endpoint.fact("state", "value") == "available"
    }
    missing = [service for service in parameters.listed("serviceNames") if service not in served]
    if missing:
        return broken(f"no endpoint for {', '.join(missing)} serves the VPC", "make one, and route to it")
    return COMPLIANT


@evaluates("VPC_FLOW_LOGS_ENABLED", _VPC)
def flow_logs(item: ConfigurationItem, parameters: Parameters, inventory: Inventory) -> Ruling:
    """Judge whether the VPC writes flow logs, of trafficType if given: vpc-flow-logs-enabled."""
    wanted = parameters.text("trafficType")
    for log in inventory.of(_FLOW_LOG):
        serves = log.fact("resourceId") == item.resource_id and log.fact("flowLogStatus") == "ACTIVE"
        if serves and wanted in ("", log.fact("trafficType")):
            return COMPLIANT
    return broken(f"the VPC writes no flow log of {wanted or 'its'} traffic", "make one, to a log group or a bucket")


@evaluates("VPC_DEFAULT_SECURITY_GROUP_CLOSED", "AWS::EC2::SecurityGroup")
def default_group_closed(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether a default security group has no rules: vpc-default-security-group-closed."""
    if item.fact("groupName") != "default":
        return not_applicable("not the default security group of a VPC")
    for direction, rules in (("in", "ipPermissions"), ("out", "ipPermissionsEgress")):
        if item.fact(rules):
            return broken(f"the default security group lets traffic {direction}", "revoke all of its rules")
    return COMPLIANT


@evaluates("SUBNET_AUTO_ASSIGN_PUBLIC_IP_DISABLED", "AWS::EC2::Subnet")
def no_public_addresses(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether a subnet gives out no public addresses: subnet-auto-assign-public-ip-disabled."""
    if item.fact("mapPublicIpOnLaunch"):
        return broken("what starts in the subnet gets a public address", "set MapPublicIpOnLaunch to false")
    return COMPLIANT
