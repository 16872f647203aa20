"""Who makes a request to the embedded AWS: the principal behind an access key, as IAM and STS of moto know it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

from tableguard.local.clients.identities import LAMBDA_KEY
from tableguard.local.moto.patch import replace
from tableguard.policy.principals import Principal, principal

_PARTITION = "aws"
_LAMBDA = principal("lambda.amazonaws.com")


@dataclass(frozen=True)
class Caller:
    """A principal, the tags of its session, and the policy that its session was cut down to."""

    principal: Principal
    tags: Mapping[str, str] = field(default_factory=dict)
    session_policy: str | None = None

    @property
    def name(self) -> str:
        """What AWS calls the caller when it refuses it."""
        return self.principal.session_arn


_known: dict[str, Caller] = {}
_tags: dict[str, Mapping[str, str]] = {}


def install() -> None:
    """Let sessions keep their tags, which moto drops: aws:PrincipalTag is made of them."""
    replace(TokenResponse, "assume_role", _with_tags(TokenResponse.assume_role))


def forget() -> None:
    """Nobody is known, as before the first session."""
    _known.clear()
    _tags.clear()


def caller_of(access_key_id: str) -> Caller | None:
    """The principal who signs with an access key; None if nobody was ever given this key."""
    if access_key_id not in _known:
        found = _found(access_key_id)
        if found is None:
            return None
        _known[access_key_id] = found
    return _known[access_key_id]


def _found(access_key_id: str) -> Caller | None:
    if access_key_id == LAMBDA_KEY:
        return Caller(_LAMBDA)
    for backends in list(sts_backends.values()):
        role = backends[_PARTITION].get_assumed_role_from_access_key(access_key_id)
        if role is not None:
            return Caller(principal(role.role_arn, role.session_name), _tags.get(access_key_id, {}), role.policy)
    for accounts in list(iam_backends.values()):
        user = accounts[_PARTITION].get_user_from_access_key_id(access_key_id)
        if user is not None:
            return Caller(principal(user.arn))
    return None


def _with_tags(original: Any) -> Any:
    def assume_role(handler: TokenResponse) -> Any:
        answer = original(handler)
        given = {tag["Key"]: tag["Value"] for tag in handler._get_param("Tags", [])}
        _tags[answer.result["Credentials"].access_key_id] = given
        return answer

    return assume_role
