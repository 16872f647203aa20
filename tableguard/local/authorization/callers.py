"""The caller of a request: the principal behind an access key, as moto's IAM and STS keep it."""

from collections.abc import Iterator
from typing import Any

from moto.core.utils import utcnow
from moto.iam.models import iam_backends
from moto.sts.models import AssumedRole, sts_backends
from moto.sts.responses import TokenResponse

from tableguard.local.authorization.call import Caller
from tableguard.local.authorization.state import STATE
from tableguard.local.clients.identities import DAX, DAX_KEY, LAMBDA, LAMBDA_KEY
from tableguard.local.moto.patch import replace, wrap
from tableguard.partitions import SUPPORTED
from tableguard.policy.principals import principal

_SERVICES = {DAX_KEY: principal(DAX), LAMBDA_KEY: principal(LAMBDA)}


def install() -> None:
    """Let sessions keep what moto drops: their tags, which AWS makes aws:PrincipalTag of, and when they began."""
    wrap(AssumedRole, "__init__", _noting_the_time)
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
    if access_key_id in _SERVICES:
        return Caller(_SERVICES[access_key_id])
    for of_account in _of_accounts(sts_backends):
        role = of_account.get_assumed_role_from_access_key(access_key_id)
        if role is not None:
            tags = STATE.session_tags.get(access_key_id, {})
            who = principal(role.role_arn, role.session_name)
            return Caller(who, tags, role.policy, _of_session(role), access_key_id, vars(role).get("token_context", {}))
    for of_account in _of_accounts(iam_backends):
        user = of_account.get_user_from_access_key_id(access_key_id)
        if user is not None:
            return Caller(principal(user.arn), context={"aws:userid": user.id}, access_key_id=access_key_id)
    return None


def _of_accounts(backends: Any) -> Iterator[Any]:
    """Yield what moto keeps of a service without Regions: one backend an account and partition."""
    yield from (of_account[partition] for of_account in list(backends.values()) for partition in SUPPORTED)


def _of_session(role: Any) -> dict[str, str]:
    """Return the keys of temporary credentials; none here was given for a second factor.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    return {
        "aws:userid": role.user_id,
        "aws:MultiFactorAuthPresent": "false",
        "aws:TokenIssueTime": role.issued.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _noting_the_time(original: Any, role: AssumedRole, *args: Any, **kwargs: Any) -> None:
    original(role, *args, **kwargs)
    role.__dict__["issued"] = utcnow()


def _keeping_tags(original: Any) -> Any:
    def assume_role(handler: TokenResponse) -> Any:
        answer = original(handler)
        tags = {tag["Key"]: tag["Value"] for tag in handler._get_param("Tags", [])}
        STATE.session_tags[answer.result["Credentials"].access_key_id] = tags
        return answer

    return assume_role
