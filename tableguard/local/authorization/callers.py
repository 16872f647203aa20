"""The caller of a request: the principal behind an access key, as moto's IAM and STS keep it."""

from typing import Any

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

from tableguard.local.authorization.call import Caller
from tableguard.local.authorization.state import STATE
from tableguard.local.clients.identities import LAMBDA_KEY
from tableguard.local.moto.patch import replace
from tableguard.policy.principals import principal

_PARTITION = "aws"
_LAMBDA = principal("lambda.amazonaws.com")


def install() -> None:
    """Replace moto's TokenResponse.assume_role, which drops session tags: AWS makes aws:PrincipalTag of them."""
    replace(TokenResponse, "assume_role", _keeping_tags(TokenResponse.assume_role))


def caller_of(access_key_id: str) -> Caller | None:
    """Return the caller who signs with an access key; None if no such key was ever issued."""
    if access_key_id not in STATE.callers:
        caller = _look_up(access_key_id)
        if caller is None:
            return None
        STATE.callers[access_key_id] = caller
    return STATE.callers[access_key_id]


def _look_up(access_key_id: str) -> Caller | None:
    if access_key_id == LAMBDA_KEY:
        return Caller(_LAMBDA)
    for backends in list(sts_backends.values()):
        role = backends[_PARTITION].get_assumed_role_from_access_key(access_key_id)
        if role is not None:
            tags = STATE.session_tags.get(access_key_id, {})
            return Caller(principal(role.role_arn, role.session_name), tags, role.policy)
    for accounts in list(iam_backends.values()):
        user = accounts[_PARTITION].get_user_from_access_key_id(access_key_id)
        if user is not None:
            return Caller(principal(user.arn))
    return None


def _keeping_tags(original: Any) -> Any:
    def assume_role(handler: TokenResponse) -> Any:
        answer = original(handler)
        tags = {tag["Key"]: tag["Value"] for tag in handler._get_param("Tags", [])}
        STATE.session_tags[answer.result["Credentials"].access_key_id] = tags
        return answer

    return assume_role
