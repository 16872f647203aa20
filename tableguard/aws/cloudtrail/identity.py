"""The userIdentity of a record.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

from typing import Any

from tableguard.aws.cloudtrail.call import CallerIdentity


def user_identity(identity: CallerIdentity, via: str = "") -> dict[str, Any]:
    """Return the userIdentity for the account of the caller; `via` is the service that called for him."""
    if identity.kind == "service":
        return {"type": "AWSService", "invokedBy": identity.arn}
    element = _of_token(identity) if identity.kind in ("web-identity", "saml") else _of_account(identity)
    return {**element, "invokedBy": via} if via else element


def foreign_identity(identity: CallerIdentity, via: str = "") -> dict[str, Any]:
    """Return the userIdentity for an account other than the caller's, which is told his id and account alone."""
    if identity.kind in ("service", "web-identity", "saml"):
        return user_identity(identity, via)
    element = {"type": "AWSAccount", "principalId": identity.principal_id, "accountId": identity.account}
    return {**element, "invokedBy": via} if via else element


def _of_account(identity: CallerIdentity) -> dict[str, Any]:
    name = identity.arn.rpartition("/")[2]
    element: dict[str, Any] = {
        "type": {"role": "AssumedRole", "user": "IAMUser", "root": "Root", "federated-user": "FederatedUser"}[
            identity.kind
        ],
        "principalId": identity.principal_id or identity.account,
        "arn": _session_arn(identity),
        "accountId": identity.account,
        "accessKeyId": identity.access_key_id,
    }
    if identity.kind == "user":
        element["userName"] = name
    if identity.kind == "role":
        element["sessionContext"] = {
            "sessionIssuer": {
                "type": "Role",
                "principalId": identity.principal_id.partition(":")[0],
                "arn": identity.arn,
                "accountId": identity.account,
                "userName": name,
            },
            "attributes": {"creationDate": identity.since, "mfaAuthenticated": identity.mfa},
        }
    return element


def _session_arn(identity: CallerIdentity) -> str:
    if identity.kind != "role":
        return identity.arn
    # without the role's path, which a session's ARN does not have
    of_account = identity.arn.replace(":iam:", ":sts:", 1).partition(":role/")[0]
    return f"{of_account}:assumed-role/{identity.arn.rpartition('/')[2]}/{identity.session}"


def _of_token(identity: CallerIdentity) -> dict[str, Any]:
    kind = {"web-identity": "WebIdentityUser", "saml": "SAMLUser"}[identity.kind]
    return {
        "type": kind,
        "principalId": identity.principal_id,
        "userName": identity.session,
        "identityProvider": identity.provider,
    }
