"""Records of a call: one for each account that is told of it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tableguard.aws.cloudtrail import events, names
from tableguard.aws.cloudtrail.call import CallFacts, Endpoint, NamedResource
from tableguard.aws.cloudtrail.identity import foreign_identity, user_identity
from tableguard.aws.cloudtrail.parameters import request_parameters, response_elements

Record = dict[str, Any]

VERSION = "1.11"
# services whose records have their resources although they are management events
_NAMING_RESOURCES = frozenset(("kms", "s3", "sts"))
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-network-events-with-cloudtrail.html
VPCE_CODE, VPCE_MESSAGE = "VpceAccessDenied", "The request was denied due to a VPC endpoint policy"
# EC2 says whose fault an error is; the other services' denials are those of IAM, AccessDenied whatever a client reads:
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
_OWN_DENIALS = frozenset(("UnauthorizedOperation", "AuthorizationError"))


@dataclass(frozen=True)
class Recorded:
    """A record, with when its call began, and the account and region whose trails take it."""

    time: datetime
    account: str
    region: str
    record: Record


def records(call: CallFacts, new_id: Callable[[], str]) -> tuple[Recorded, ...]:
    """Return the records of a call: of the caller's account, of the resource's, and of the endpoint's.

    What an endpoint's policy stopped is told to the endpoint's account alone; what policies refuse, to the caller's:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
    https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
    """
    if not events.is_recorded(call.service, call.operation):
        return ()
    region = names.event_region(call.service, call.region)
    accounts = () if call.endpoint and call.endpoint.refused else _accounts(call)
    shared = (
        {"sharedEventID": new_id()} if len(accounts) > 1 or call.identity.kind == "service" or call.endpoint else {}
    )
    whole = [
        Recorded(call.time, account, region, _record(call, region, account, new_id(), shared)) for account in accounts
    ]
    network = [_network(call, call.endpoint, region, new_id(), shared)] if call.endpoint else []
    return (*whole, *network)


def _accounts(call: CallFacts) -> tuple[str, ...]:
    """Return whom a call is told: the caller's account, and that of the resource unless the call was refused."""
    owner = next((resource.account for resource in call.resources if resource.account), call.account)
    caller = call.identity.account or owner
    return (caller,) if call.denied else tuple(dict.fromkeys((caller, owner)))


def _record(call: CallFacts, region: str, recipient: str, event_id: str, shared: Mapping[str, str]) -> Record:
    data = events.data_type(call.service, call.operation)
    return {
        **_who(call, recipient),
        **_what(call, region),
        **_error(call),
        "requestParameters": request_parameters(call),
        "responseElements": response_elements(call),
        **({"additionalEventData": dict(call.additional)} if call.additional else {}),
        "requestID": call.request_id,
        "eventID": event_id,
        "readOnly": names.is_read_only(call.service, call.operation),
        **_resources(call),
        "eventType": "AwsApiCall",
        **({"apiVersion": call.api_version} if call.api_version else {}),
        "managementEvent": data is None,
        "recipientAccountId": recipient,
        **shared,
        **_passed(call.endpoint),
        "eventCategory": events.category(call.service, call.operation),
    }


def _network(call: CallFacts, endpoint: Endpoint, region: str, event_id: str, shared: Mapping[str, str]) -> Recorded:
    """Return the network activity event of a call, which has neither parameters nor resources.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-events.html#network-event-example
    """
    refused = {"errorCode": VPCE_CODE, "errorMessage": VPCE_MESSAGE} if endpoint.refused else {}
    record = {
        **_who(call, endpoint.account),
        **{name: value for name, value in _what(call, region).items() if name != "userAgent"},
        **refused,
        "requestID": call.request_id,
        "eventID": event_id,
        "eventType": "AwsVpceEvent",
        "recipientAccountId": endpoint.account,
        **shared,
        **_passed(endpoint),
        "eventCategory": "NetworkActivity",
    }
    return Recorded(call.time, endpoint.account, region, record)


def _who(call: CallFacts, recipient: str) -> Record:
    own = call.identity.account == recipient
    identity = (user_identity if own else foreign_identity)(call.identity, call.via)
    return {"eventVersion": VERSION, "userIdentity": identity}


def _what(call: CallFacts, region: str) -> Record:
    return {
        "eventTime": f"{call.time:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": names.event_source(call.service),
        "eventName": names.event_name(call.service, call.operation),
        "awsRegion": region,
        "sourceIPAddress": call.via or call.source_ip,
        "userAgent": call.via or call.user_agent,
    }


def _error(call: CallFacts) -> Record:
    if not call.error_code:
        return {}
    return {"errorCode": _error_code(call), **({"errorMessage": call.error_message} if call.error_message else {})}


def _error_code(call: CallFacts) -> str:
    code = call.error_code
    if call.denied and code not in _OWN_DENIALS:
        return "AccessDenied"
    return f"Client.{code}" if call.service == "ec2" else code


def _resources(call: CallFacts) -> Record:
    data = events.data_type(call.service, call.operation) is not None
    if not call.resources or not (data or call.service in _NAMING_RESOURCES):
        return {}
    return {"resources": [_resource(resource) for resource in call.resources]}


def _resource(resource: NamedResource) -> Record:
    """Return a resource; an S3 object is named without an account, which its bucket has."""
    account = {"accountId": resource.account} if resource.account else {}
    return {**account, "type": resource.type, "ARN": resource.arn}


def _passed(endpoint: Endpoint | None) -> Record:
    return {} if endpoint is None else {"vpcEndpointId": endpoint.id, "vpcEndpointAccountId": endpoint.account}
