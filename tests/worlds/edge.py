"""An embedded AWS with an organization, its clients, and requests that no client of AWS's would send."""

import http.client
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tableguard import settings
from tableguard.local import landing_zone, server
from tableguard.local.clients.identities import SETUP_KEY
from tableguard.local.landing_zone import LandingZone
from tests.worlds.lambda_package import package

SETTINGS = settings.example()
ACCOUNT, REGION = SETTINGS.account_id, SETTINGS.home_region
TABLE, KEY = "unmodelled", {"pk": {"S": "p"}}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LINE = re.compile(r"not modelled: \w[\w:/%.-]+( [\w/%.-]+)?(: \w+ at (moto/[\w/]+\.py:\d+|the web framework))?")

PRESENT: dict[str, Any] = {
    "Bucket": SETTINGS.artifact_bucket,
    "FunctionName": TABLE,
    "RoleName": "OrganizationAccountAccessRole",
    "TableName": TABLE,
    "UserPoolId": SETTINGS.user_pool_id,
    "logGroupName": TABLE,
}


@contextmanager
def running() -> Iterator[LandingZone]:
    """Run an organization on an embedded AWS of its own, with one resource for each name in PRESENT."""
    with server.start() as running:
        prepared = landing_zone.prepare(SETTINGS, running.endpoint)
        _make_present(prepared)
        yield prepared


def _make_present(zone: LandingZone) -> None:
    """Create one resource for each name in PRESENT that the landing zone does not have."""
    new_table(zone, TABLE)
    role = f"arn:aws:iam::{ACCOUNT}:role/{PRESENT['RoleName']}"
    zone.clients("lambda", ACCOUNT, REGION).create_function(
        FunctionName=TABLE, Runtime="python3.13", Role=role, Handler="app.handle", Code={"ZipFile": package("")}
    )
    zone.clients("logs", ACCOUNT, REGION).create_log_group(logGroupName=TABLE)


def new_table(zone: LandingZone, name: str) -> Any:
    client = zone.clients("dynamodb", ACCOUNT, REGION)
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def client_of(zone: LandingZone, who: str, service: str) -> Any:
    """Return a client of a service in this process, of an administrator or of the setup key."""
    if who == "setup":
        return zone.clients(service, ACCOUNT, REGION)
    return zone.session("administrator").client(service)


def over_http(zone: LandingZone, service: str, **config: Any) -> Any:
    """Return a client as any user would create it."""
    make: Any = boto3.client
    return make(
        service,
        region_name=REGION,
        endpoint_url=zone.endpoint,
        aws_access_key_id=SETUP_KEY,
        aws_secret_access_key="any",  # noqa: S106  # opens nothing
        config=Config(proxies={}, s3={"addressing_style": "path"}, **config),
    )


def refusal(call: Any, **arguments: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    response = refused.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def signed(service: str, key: str = SETUP_KEY) -> dict[str, str]:
    scope = f"{key}/20260101/{REGION}/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


def sent(
    zone: LandingZone, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(zone.endpoint.removeprefix("http://"), timeout=10)
    connection.request(method, path, body=body, headers=dict(headers))
    response = connection.getresponse()
    parts = response.status, dict(response.headers.items()), response.read()
    connection.close()
    return parts
