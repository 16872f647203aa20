"""A function as it is deployed: code, configuration and role, all asked of the embedded AWS's own APIs."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tableguard.errors import EmbeddedError
from tableguard.local.asking import asking
from tableguard.local.function_configuration import Credentials, FunctionConfiguration

Client = Any  # a boto3 client; botocore makes their classes at run time


@dataclass(frozen=True)
class DeployedFunction:
    """Everything needed to run a function as Lambda would."""

    configuration: FunctionConfiguration
    package: bytes
    credentials: Credentials


def deployed_function(function_arn: str, client: Callable[[str], Client], code_bucket: str) -> DeployedFunction:
    """The function behind an ARN, its zip checked against the hash under which it was deployed."""
    place = f"function {function_arn}"
    with asking(place):
        answer = client("lambda").get_function(FunctionName=function_arn)
        described = answer["Configuration"]
        # Location is an address in a bucket of Lambda's own, which the embedded AWS does not have; the key is ours
        key = answer["Code"]["Location"].partition(".amazonaws.com/")[2]
        with asking(f"its code, s3://{code_bucket}/{key}"):
            package: bytes = client("s3").get_object(Bucket=code_bucket, Key=key)["Body"].read()
        # Lambda names the session after the function
        assumed = client("sts").assume_role(RoleArn=described["Role"], RoleSessionName=described["FunctionName"])
    if base64.b64encode(hashlib.sha256(package).digest()).decode() != described["CodeSha256"]:
        raise EmbeddedError(f"{place}: s3://{code_bucket}/{key} is no longer the code that was deployed; deploy again")
    return DeployedFunction(_configuration(described), package, _credentials(assumed["Credentials"]))


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


def _credentials(assumed: dict[str, Any]) -> Credentials:
    return Credentials(assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"])
