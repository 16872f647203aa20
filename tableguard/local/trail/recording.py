"""Makes CloudTrail's records of an observed call: whoever reads them pays for it, not the call."""

import ipaddress
from collections.abc import Iterator, Mapping
from functools import cache
from random import Random
from typing import Any

from botocore import parsers
from moto.core.utils import get_service_model

from tableguard.aws.arn import parse
from tableguard.aws.cloudtrail.call import CallerIdentity, CallFacts, Endpoint, Kind, NamedResource
from tableguard.aws.cloudtrail.events import data_type
from tableguard.aws.cloudtrail.record import Recorded, records
from tableguard.errors import EmbeddedError
from tableguard.local.authorization import guard
from tableguard.local.authorization.attached_policies import account_of
from tableguard.local.authorization.call import ApiCall, Caller
from tableguard.local.trail.observed_call import ObservedCall

_KINDS: Mapping[str, Kind] = {
    "role": "role",
    "user": "user",
    "root": "root",
    "federated-user": "federated-user",
    "service": "service",
}
# services whose records say of which version their API is, as AWS's samples have it
_API_VERSIONS = {"cloudwatch": "2010-08-01", "dynamodb": "2012-08-10", "logs": "20140328"}
_MODELS = {"tag": "resourcegroupstaggingapi", "access-analyzer": "accessanalyzer"}
# the type of the resource of management events that name theirs
_TYPES = {"kms": "AWS::KMS::Key", "sts": "AWS::IAM::Role"}
# an address of the subnet: which of the network's machines calls is not modelled
_HOST = 10


class Recorder:
    """Makes records, whose ids are the same in every run."""

    def __init__(self) -> None:
        self._random = Random(0)  # noqa: S311  # ids are no secrets

    def record(self, observed: ObservedCall) -> tuple[Recorded, ...]:
        """Return the records of a call, one for each account that is told of it."""
        return records(self._facts(observed), self._new_id)

    def _new_id(self) -> str:
        text = f"{self._random.getrandbits(128):032x}"
        # as uuid4 writes it, in a tenth of the time: the version and the variant are its 13th and 17th digits
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def _facts(self, observed: ObservedCall) -> CallFacts:
        call = observed.call
        return CallFacts(
            service=call.service,
            operation=call.operation,
            account=call.account,
            region=call.region,
            time=observed.time,
            identity=_identity(call.caller),
            parameters=call.parameters,
            request_id=observed.request_id or self._new_id(),
            source_ip=_source(observed),
            user_agent=_service(call.caller) or observed.user_agent,
            via=call.via or call.acting,
            answer=_answer(observed),
            error_code=observed.error_code,
            error_message=observed.error_message,
            denied=bool(observed.denied_by),
            endpoint=_endpoint(call, observed.denied_by),
            api_version=_API_VERSIONS.get(call.service, ""),
            keys=observed.keys,
            resources=tuple(_resources(call)),
            additional=_additional(observed),
        )


def _identity(caller: Caller) -> CallerIdentity:
    who, context = caller.principal, caller.context
    return CallerIdentity(
        kind=_KINDS[who.kind],
        arn=who.arn,
        account=who.account,
        session=who.session,
        principal_id=context.get("aws:userid", ""),
        access_key_id=caller.access_key_id,
        since=context.get("aws:TokenIssueTime", ""),
        mfa=context.get("aws:MultiFactorAuthPresent", "false"),
    )


def _service(caller: Caller) -> str:
    return caller.principal.arn if caller.principal.kind == "service" else ""


def _source(observed: ObservedCall) -> str:
    """Return the sourceIPAddress: a service, an address of the VPC whose endpoint was passed, or the client."""
    call = observed.call
    if call.endpoint is None:
        return _service(call.caller) or observed.source_ip
    vpc = call.endpoint.ec2_backend.vpcs.get(call.endpoint.vpc_id)
    return _host(vpc.cidr_block) if vpc else observed.source_ip


@cache
def _host(block: str) -> str:
    return str(ipaddress.ip_network(block)[_HOST])


def _endpoint(call: ApiCall, denied_by: str) -> Endpoint | None:
    if call.endpoint is None:
        return None
    return Endpoint(call.endpoint.id, call.endpoint.ec2_backend.account_id, denied_by == "endpoint")


def _answer(observed: ObservedCall) -> Mapping[str, Any] | None:
    """Return what a call was answered, as an SDK reads it; of S3 the headers."""
    call = observed.call
    if call.service == "s3":
        return observed.headers
    if not observed.answer:
        return None
    model = get_service_model(_MODELS.get(call.service, call.service))
    response = {"body": observed.answer, "headers": observed.headers, "status_code": observed.status}
    answer: dict[str, Any] = _parser(observed.protocol).parse(
        response, model.operation_model(call.operation).output_shape
    )
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


@cache
def _parser(protocol: str) -> Any:
    return parsers.create_parser(protocol)


def _additional(observed: ObservedCall) -> dict[str, Any]:
    """Return S3's additionalEventData: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-log-files.html."""
    if observed.call.service != "s3":
        return {}
    return {
        "SignatureVersion": "SigV4",
        "CipherSuite": "TLS_AES_128_GCM_SHA256",
        "bytesTransferredIn": observed.bytes_in,
        "AuthenticationMethod": "AuthHeader",
        "bytesTransferredOut": observed.bytes_out,
    }


def _resources(call: ApiCall) -> Iterator[NamedResource]:
    kind = data_type(call.service, call.operation) or _TYPES.get(call.service)
    if call.service == "s3":
        yield from _bucket(call)
    elif kind is not None:
        for arn in dict.fromkeys(_arns(call, kind)):
            yield NamedResource(arn, kind, account_of(arn, call.account))
            if kind == "AWS::DynamoDB::Stream":
                # selectors name streams, and AWS's sample of GetRecords its table
                table = arn.partition("/stream/")[0]
                yield NamedResource(table, "AWS::DynamoDB::Table", account_of(table, call.account))


def _bucket(call: ApiCall) -> Iterator[NamedResource]:
    """Yield the object, which has no account in records, and its bucket."""
    bucket, key = str(call.parameters.get("Bucket", "")), call.parameters.get("Key")
    if not bucket:
        return
    arn = f"arn:{call.partition}:s3:::{bucket}"
    if data_type(call.service, call.operation):
        yield NamedResource(f"{arn}/{key or ''}", "AWS::S3::Object", "")
    yield NamedResource(arn, "AWS::S3::Bucket", account_of(arn, call.account))


def _arns(call: ApiCall, kind: str) -> Iterator[str]:
    if kind == "AWS::DynamoDB::Table" and "TableName" in call.parameters:
        table = str(call.parameters["TableName"])
        yield table if table.startswith("arn:") else call.arn(f"table/{table}")
    elif kind == "AWS::DynamoDB::Table":
        yield from (arn.partition("/index/")[0] for arn in _required(call))  # records name the table of an index
    elif kind == "AWS::DynamoDB::Stream":
        named = str(call.value("StreamArn") or call.value("ShardIterator") or "")
        if parse(named.partition("|")[0]):
            yield named.partition("|")[0]
    elif kind in ("AWS::SNS::Topic", "AWS::IAM::Role"):
        yield from (str(call.value(name)) for name in ("TopicArn", "TargetArn", "RoleArn") if call.value(name))
    elif kind == "AWS::CloudWatch::Metric":
        yield call.arn("metric/*")
    else:
        yield from _required(call)


def _required(call: ApiCall) -> Iterator[str]:
    """Yield what a call requires permission on; nothing where that cannot be told, as of a table that is gone."""
    try:
        yield from (
            permission.resource for permission in guard.required_permissions(call) if parse(permission.resource)
        )
    except EmbeddedError:
        return
