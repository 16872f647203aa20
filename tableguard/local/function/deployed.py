"""Loads a deployed function: its code, configuration and role, all from the embedded AWS's own APIs."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tableguard.aws.arn import require
from tableguard.errors import EmbeddedError
from tableguard.local.authorization.network import place_in_vpc
from tableguard.local.authorization.state import Vpc
from tableguard.local.clients.factory import Clients
from tableguard.local.clients.identities import LAMBDA_KEY
from tableguard.local.clients.refusals import refusals_as_errors
from tableguard.local.function.configuration import Credentials, FunctionConfiguration

Client = Any  # a boto3 client; botocore makes their classes at run time


@dataclass(frozen=True)
class DeployedFunction:
    """A function's configuration, package and role credentials: all that is needed to run it as Lambda does."""

    configuration: FunctionConfiguration
    package: bytes
    credentials: Credentials


def deployed_function(function_arn: str, client: Callable[[str], Client], code_bucket: str) -> DeployedFunction:
    """Return the function of an ARN; EmbeddedError if its zip no longer has the hash under which it was deployed."""
    place = f"function {function_arn}"
    with refusals_as_errors(place):
        answer = client("lambda").get_function(FunctionName=function_arn)
        described = answer["Configuration"]
        # Location is an address in a bucket of Lambda's own, which the embedded AWS lacks; only its key is used
        key = answer["Code"]["Location"].partition(".amazonaws.com/")[2]
        with refusals_as_errors(f"its code, s3://{code_bucket}/{key}"):
            package: bytes = client("s3").get_object(Bucket=code_bucket, Key=key)["Body"].read()
        credentials = _assume_role(client("lambda").meta.endpoint_url, described)
    if base64.b64encode(hashlib.sha256(package).digest()).decode() != described["CodeSha256"]:
        raise EmbeddedError(f"{place}: s3://{code_bucket}/{key} is no longer the code that was deployed; deploy again")
    return DeployedFunction(_configuration(described), package, credentials)


def _assume_role(endpoint: str, described: dict[str, Any]) -> Credentials:
    """Return credentials of the function's role, which Lambda assumes under the function's name."""
    function = require(described["FunctionArn"])
    account, region = function.account, function.region
    sts = Clients(endpoint, LAMBDA_KEY)("sts", account, region)
    keys = sts.assume_role(RoleArn=described["Role"], RoleSessionName=described["FunctionName"])["Credentials"]
    subnets = (described.get("VpcConfig") or {}).get("SubnetIds")
    if subnets:
        # Lambda attaches a function to its network with the function's own role:
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
        ec2 = Clients(endpoint, keys["AccessKeyId"])("ec2", account, region)
        vpc = ec2.describe_subnets(SubnetIds=subnets[:1])["Subnets"][0]["VpcId"]
        place_in_vpc(keys["AccessKeyId"], Vpc(account, region, vpc))
    return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def _configuration(described: dict[str, Any]) -> FunctionConfiguration:
    return FunctionConfiguration(
        name=described["FunctionName"],
        arn=described["FunctionArn"],
        handler=described["Handler"],
        timeout=described["Timeout"],
        memory_size=described["MemorySize"],
        environment=described.get("Environment", {}).get("Variables", {}),
        log_group=described.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{described['FunctionName']}"),
    )
