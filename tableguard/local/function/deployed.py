"""Looks up a deployed function as the embedded AWS's Lambda keeps it, its code too, and takes its role."""

from dataclasses import dataclass, field
from typing import Any

from tableguard.aws.arn import require
from tableguard.errors import EmbeddedError
from tableguard.local.authorization.network import place_in_vpc
from tableguard.local.authorization.state import Vpc
from tableguard.local.clients.factory import Clients
from tableguard.local.clients.identities import LAMBDA_KEY
from tableguard.local.clients.refusals import refusals_as_errors
from tableguard.local.function.configuration import Credentials, FunctionConfiguration

MotoFunction = Any  # moto.awslambda.models.LambdaFunction: importing moto takes a second


class NotRunError(EmbeddedError):
    """A function that is deployed, and of a kind that is not run here."""


@dataclass(frozen=True)
class DeployedFunction:
    """A version of a function: its configuration, and its package as it was when it was deployed."""

    configuration: FunctionConfiguration
    package: bytes = field(repr=False)
    reserved_concurrency: int | None = None


def deployed_function(arn: str) -> DeployedFunction:
    """Return the function of an ARN, which may end with a version or alias; EmbeddedError if there is none."""
    from moto.awslambda.exceptions import LambdaClientError  # noqa: PLC0415  # as MotoFunction
    from moto.awslambda.models import lambda_backends  # noqa: PLC0415

    function = require(arn)
    try:
        return as_deployed(lambda_backends[function.account][function.region].get_function(arn))
    except LambdaClientError as error:
        raise EmbeddedError(f"function {arn}: {error.message}") from error


def as_deployed(function: MotoFunction) -> DeployedFunction:
    """Return what the embedded AWS keeps of a function; NotRunError if it cannot be run here."""
    described = function.get_configuration()
    for text, not_run in (
        (f"runtime {described['Runtime']}", not str(described["Runtime"]).startswith("python3.")),
        ("functions in container images", described["PackageType"] != "Zip"),
        ("layers", bool(described["Layers"])),
    ):
        if not_run:
            raise NotRunError(f"{text}: only packages in zip files for python3.x are run")
    return DeployedFunction(_configuration(described), function.code_bytes, function.reserved_concurrency)


def role_credentials(endpoint: str, configuration: FunctionConfiguration) -> Credentials:
    """Return credentials of a function's role, which Lambda assumes under the function's name.

    They are in the function's network, as Lambda attaches a function to it with the function's own role:
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    """
    function = require(configuration.arn)
    account, region = function.account, function.region
    with refusals_as_errors(f"function {configuration.name}: its role {configuration.role}"):
        sts = Clients(endpoint, LAMBDA_KEY)("sts", account, region)
        session = configuration.name.ljust(2, "-")  # a session's name has two characters, a function's may have one
        keys = sts.assume_role(RoleArn=configuration.role, RoleSessionName=session)["Credentials"]
        if configuration.subnets:
            ec2 = Clients(endpoint, keys["AccessKeyId"])("ec2", account, region)
            subnets = ec2.describe_subnets(SubnetIds=list(configuration.subnets[:1]))["Subnets"]
            place_in_vpc(keys["AccessKeyId"], Vpc(account, region, subnets[0]["VpcId"]))
    return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def _configuration(described: dict[str, Any]) -> FunctionConfiguration:
    logging = described.get("LoggingConfig", {})
    return FunctionConfiguration(
        name=described["FunctionName"],
        arn=described["FunctionArn"],
        handler=described["Handler"],
        timeout=described["Timeout"],
        memory_size=described["MemorySize"],
        environment=described.get("Environment", {}).get("Variables", {}),
        log_group=logging.get("LogGroup", f"/aws/lambda/{described['FunctionName']}"),
        log_format=logging.get("LogFormat", "Text"),
        log_level=logging.get("ApplicationLogLevel", "INFO"),
        platform_log_level=logging.get("SystemLogLevel", "INFO"),
        version=described["Version"],
        role=described["Role"],
        subnets=tuple((described.get("VpcConfig") or {}).get("SubnetIds", ())),
        code_sha256=described["CodeSha256"],
    )
