"""Correction of moto's STS: a role's credentials get no others by GetSessionToken and GetFederationToken.

moto answers with keys that are the same for everybody, and with which every later request is refused as unknown. AWS
refuses these operations to temporary credentials, and gives a user of IAM keys that the embedded AWS does not model:
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
"""

from collections.abc import Callable
from typing import NoReturn

from moto.sts.responses import TokenResponse

from tableguard.local.authorization.hook import response_to
from tableguard.local.authorization.refusal import Refusal
from tableguard.local.moto.patch import replace

TEMPORARY = "ASIA"  # how the access keys of sessions begin


def install() -> None:
    """Replace both operations."""
    replace(TokenResponse, "get_session_token", _refusing("GetSessionToken"))
    replace(TokenResponse, "get_federation_token", _refusing("GetFederationToken"))


def _refusing(operation: str) -> Callable[[TokenResponse], NoReturn]:
    def refuse(response: TokenResponse) -> NoReturn:
        if response.get_access_key().startswith(TEMPORARY):
            refusal = Refusal("AccessDenied", f"Cannot call {operation} with session credentials")
            raise response_to(response, refusal, "query")
        raise NotImplementedError

    return refuse
