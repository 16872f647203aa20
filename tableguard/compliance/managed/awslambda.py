"""Managed rules about functions."""

from collections.abc import Mapping

from tableguard.compliance.evaluator import Inventory, Parameters, evaluates
from tableguard.compliance.item import ConfigurationItem
from tableguard.compliance.ruling import COMPLIANT, Ruling, broken, not_applicable
from tableguard.compliance.statements import Statement, listed, public, statements

_FUNCTION, _SUBNET = "AWS::Lambda::Function", "AWS::EC2::Subnet"
_ZONES = 2  # the page's default of availabilityZones, which the catalogue leaves out


@evaluates("LAMBDA_FUNCTION_SETTINGS_CHECK", _FUNCTION)
def settings(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge runtime, role, memory and timeout: lambda-function-settings-check.

    A function of a container image has no runtime; the rule ignores it.
    """
    if item.fact("packageType") == "Image":
        return not_applicable("a container image has no runtime")
    wanted = {
        "runtime": parameters.listed("runtime"),
        "role": parameters.listed("role"),
        "memorySize": (parameters.text("memorySize"),),
        "timeout": (parameters.text("timeout"),),
    }
    for name, accepted in wanted.items():
        if accepted and str(item.fact(name)) not in accepted:
            return broken(f"{name} is {item.fact(name)}", f"make it {' or '.join(accepted)}, or deploy the rule anew")
    return COMPLIANT


@evaluates("LAMBDA_INSIDE_VPC", _FUNCTION)
def inside_vpc(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the function runs in subnets, in those of subnetIds if given: lambda-inside-vpc."""
    subnets = item.fact("vpcConfig", "subnetIds") or []
    if not subnets:
        return broken("the function runs outside any VPC", "give it subnets")
    others = sorted(set(subnets) - set(parameters.listed("subnetIds") or subnets))
    if others:
        return broken(
            f"the function runs in {', '.join(others)}", "let it run in the subnets that the rule names alone"
        )
    return COMPLIANT


@evaluates("LAMBDA_VPC_MULTI_AZ_CHECK", _FUNCTION)
def several_zones(item: ConfigurationItem, parameters: Parameters, inventory: Inventory) -> Ruling:
    """Judge whether the function's subnets lie in enough zones: lambda-vpc-multi-az-check.

    The page speaks of functions in a VPC alone; of others the rule says nothing.
    """
    subnets = item.fact("vpcConfig", "subnetIds") or []
    if not subnets:
        return not_applicable("the function runs outside any VPC")
    zones = {subnet.fact("availabilityZone") for subnet in inventory.of(_SUBNET) if subnet.resource_id in subnets}
    wanted = parameters.number("availabilityZones") if parameters.text("availabilityZones") else _ZONES
    if len(zones) < wanted:
        return broken(f"the function's subnets lie in {len(zones)} zone(s)", f"add subnets, until it is in {wanted}")
    return COMPLIANT


@evaluates("LAMBDA_CONCURRENCY_CHECK", _FUNCTION)
def concurrency(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the function has a concurrency limit, between the parameters if given.

    lambda-concurrency-check
    """
    limit = item.supplement("Concurrency", "reservedConcurrentExecutions")
    if limit is None:
        return broken("the function may take all of the account's concurrency", "reserve a number for it")
    high, low = parameters.text("ConcurrencyLimitHigh"), parameters.text("ConcurrencyLimitLow")
    if (high and limit > parameters.number("ConcurrencyLimitHigh")) or (
        low and limit < parameters.number("ConcurrencyLimitLow")
    ):
        return broken(f"the function's concurrency is {limit}", f"reserve from {low or 0} to {high or 'any number'}")
    return COMPLIANT


@evaluates("LAMBDA_DLQ_CHECK", _FUNCTION)
def dead_letter_queue(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the function has a dead-letter target, one of dlqArns if given: lambda-dlq-check."""
    target, accepted = item.fact("deadLetterConfig", "targetArn"), parameters.listed("dlqArns")
    if not target:
        return broken("asynchronous events that fail are lost", "give the function a dead-letter queue")
    if accepted and target not in accepted:
        return broken(f"failed events go to {target}", f"send them to {' or '.join(accepted)}")
    return COMPLIANT


@evaluates("LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED", _FUNCTION)
def not_public(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the function's policy lets nobody but fixed callers in.

    lambda-function-public-access-prohibited: no wildcard among principals, and S3 with a condition such as
    AWS:SourceAccount.
    """
    policy = item.supplement("Policy")
    for statement in statements(policy):
        keys = {key.lower() for tests in statement.get("Condition", {}).values() for key in tests}
        if statement["Effect"] == "Allow" and _names_s3(statement) and "aws:sourceaccount" not in keys:
            return broken("any account's bucket may call the function", "add a condition on AWS:SourceAccount")
    if names := public(policy):
        return broken(
            f"everybody may call the function ({', '.join(names)})", "name the callers, or remove the statement"
        )
    return COMPLIANT


def _names_s3(statement: Statement) -> bool:
    principal = statement.get("Principal")
    return isinstance(principal, Mapping) and "s3.amazonaws.com" in listed(principal.get("Service"))


@evaluates("LAMBDA_FUNCTION_XRAY_ENABLED", _FUNCTION)
def traced(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether X-Ray traces the function: lambda-function-xray-enabled."""
    if item.fact("tracingConfig", "mode") == "Active":
        return COMPLIANT
    return broken("the function is not traced", "set TracingConfig to Active")


@evaluates("LAMBDA_FUNCTION_LOG_FORMAT_JSON", _FUNCTION)
def logs_json(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the function logs JSON: lambda-function-log-format-json."""
    if item.fact("loggingConfig", "logFormat") == "JSON":
        return COMPLIANT
    return broken("the function logs plain text, which no metric filter of JSON fields reads", "set LogFormat to JSON")
