"""Policy documents that calls attach, refused at the call if nothing could be decided by them afterwards.

AWS refuses a malformed document when it is attached. moto keeps one, and then every request that it bears on would have
to be refused. The reason is ours; the error codes are AWS's:
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tableguard.errors import PolicyError
from tableguard.local.authorization.attached_policies import Organization, parse_policy
from tableguard.local.authorization.call import ApiCall
from tableguard.local.authorization.refusal import Refusal
from tableguard.policy.evaluate import Layer, World
from tableguard.policy.statements import Policy

_STATUS = 400
_CODES = {
    "dynamodb": "ValidationException",
    "iam": "MalformedPolicyDocument",
    "kms": "MalformedPolicyDocumentException",
    "organizations": "MalformedPolicyDocumentException",
    "s3": "MalformedPolicy",
}


class _DocumentPlace(NamedTuple):
    """The parameter in which an operation takes a document, and the layer that it becomes a policy of."""

    parameter: str
    layer: Layer


_PLACES: Mapping[tuple[str, str], _DocumentPlace] = {
    ("dynamodb", "CreateTable"): _DocumentPlace("ResourcePolicy", "resource"),
    ("dynamodb", "PutResourcePolicy"): _DocumentPlace("Policy", "resource"),
    ("iam", "CreatePolicy"): _DocumentPlace("PolicyDocument", "identity"),
    ("iam", "CreatePolicyVersion"): _DocumentPlace("PolicyDocument", "identity"),
    ("iam", "CreateRole"): _DocumentPlace("AssumeRolePolicyDocument", "resource"),
    ("iam", "PutGroupPolicy"): _DocumentPlace("PolicyDocument", "identity"),
    ("iam", "PutRolePolicy"): _DocumentPlace("PolicyDocument", "identity"),
    ("iam", "PutUserPolicy"): _DocumentPlace("PolicyDocument", "identity"),
    ("iam", "UpdateAssumeRolePolicy"): _DocumentPlace("PolicyDocument", "resource"),
    ("kms", "CreateKey"): _DocumentPlace("Policy", "resource"),
    ("kms", "PutKeyPolicy"): _DocumentPlace("Policy", "resource"),
    ("s3", "PutBucketPolicy"): _DocumentPlace("Policy", "resource"),
}
_OF_TYPE: Mapping[str, Layer] = {"SERVICE_CONTROL_POLICY": "scp", "RESOURCE_CONTROL_POLICY": "rcp"}
_WORLDS: Mapping[Layer, Callable[[Policy], World]] = {
    "identity": lambda policy: World(identity=(policy,)),
    "rcp": lambda policy: World(resource_control=((policy,),)),
    "resource": lambda policy: World(resource=policy),
    "scp": lambda policy: World(service_control=((policy,),)),
}


def check(call: ApiCall, organization: Organization) -> None:
    """Return if the call attaches no document, or one by which requests can be decided; otherwise raise Refusal."""
    place = _place(call, organization)
    document = call.value(place.parameter) if place else None
    if place is None or document is None:
        return
    try:
        text = document.decode() if isinstance(document, bytes) else str(document)
        _WORLDS[place.layer](parse_policy(place.parameter, text))
    except (PolicyError, UnicodeDecodeError) as error:
        raise Refusal(_CODES[call.service], f"Invalid policy document: {error}", _STATUS) from error


def _place(call: ApiCall, organization: Organization) -> _DocumentPlace | None:
    """Return where the call has its document; a policy of Organizations is of the type that the call or it names."""
    if (call.service, call.operation) not in (("organizations", "CreatePolicy"), ("organizations", "UpdatePolicy")):
        return _PLACES.get((call.service, call.operation))
    kind = call.value("Type") or organization.type_of_policy(str(call.value("PolicyId")))
    layer = _OF_TYPE.get(str(kind))
    return layer and _DocumentPlace("Content", layer)
