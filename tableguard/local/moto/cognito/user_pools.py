"""Corrections of moto's user pools: what an update forgets, deletion protection, and threat protection's settings.

moto's UpdateUserPool forgets what members sign in by, which AWS lets nobody change; its DeleteUserPool heeds no
protection; and it has no SetRiskConfiguration. What a request leaves out becomes its default, as on AWS:
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPool.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from moto.cognitoidp import models
from moto.cognitoidp.exceptions import InvalidParameterException
from moto.cognitoidp.models import (
    CognitoIdpBackend,
    CognitoIdpUserPool,
    CognitoIdpUserPoolAttribute,
    CognitoIdpUserPoolClient,
)
from moto.cognitoidp.responses import CognitoIdpResponse
from moto.core.responses import ActionResult, EmptyResult

from tableguard.local.moto.patch import replace, wrap

_MADE_ONCE = ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration")
# settings of which AWS completes what a request leaves out of them
_COMPLETED = ("AdminCreateUserConfig", "Policies")
_SIGN_IN_POLICY = {"AllowedFirstAuthFactors": ["PASSWORD"]}
_RISKS = ("AccountTakeoverRiskConfiguration", "CompromisedCredentialsRiskConfiguration", "RiskExceptionConfiguration")
_EVERY_CLIENT = "ALL"


def install() -> None:
    """Correct the operations on user pools."""
    wrap(CognitoIdpUserPool, "__init__", _with_standard_attributes)
    wrap(CognitoIdpUserPool, "update_extended_config", _completed)
    wrap(CognitoIdpBackend, "update_user_pool", _update)
    wrap(CognitoIdpBackend, "delete_user_pool", _delete)
    replace(CognitoIdpBackend, "update_user_pool_client", _update_client)
    for operation in (
        set_risk_configuration,
        describe_risk_configuration,
        list_tags_for_resource,
        tag_resource,
        untag_resource,
    ):
        setattr(CognitoIdpResponse, operation.__name__, operation)


def _with_standard_attributes(original: Callable[..., None], pool: CognitoIdpUserPool, *args: Any, **more: Any) -> None:
    """Make a pool with all standard attributes; moto's lacks them where a schema names any attribute."""
    original(pool, *args, **more)
    for name, schema in CognitoIdpUserPoolAttribute.STANDARD_SCHEMA.items():
        pool.schema_attributes.setdefault(name, CognitoIdpUserPoolAttribute(name, False, schema))


def _completed(original: Callable[..., None], pool: CognitoIdpUserPool, settings: Mapping[str, Any]) -> None:
    # the pool's own second factor, which SetUserPoolMfaConfig changes too, is what DescribeUserPool has to answer
    original(pool, {name: value for name, value in settings.items() if name != "MfaConfiguration"})
    for name in _COMPLETED:
        default = models.DEFAULT_USER_POOL_CONFIG[name]
        pool.extended_config[name] = _overlaid(default, settings.get(name) or {})
    pool.extended_config["Policies"].setdefault("SignInPolicy", _SIGN_IN_POLICY)


def _overlaid(default: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings completed with their defaults, at every depth."""
    nested = {
        name: _overlaid(default[name], value)
        for name, value in own.items()
        if isinstance(value, Mapping) and isinstance(default.get(name), Mapping)
    }
    return {**default, **own, **nested}


def _update(original: Callable[..., None], backend: CognitoIdpBackend, pool_id: str, settings: dict[str, Any]) -> None:
    pool = backend.describe_user_pool(pool_id)
    kept = {name: pool.extended_config[name] for name in _MADE_ONCE if name in pool.extended_config}
    original(backend, pool_id, {**kept, **settings})
    pool.mfa_config = settings.get("MfaConfiguration", "OFF")
    pool.name = settings.get("PoolName", pool.name)


def _delete(original: Callable[..., None], backend: CognitoIdpBackend, pool_id: str) -> None:
    if backend.describe_user_pool(pool_id).extended_config.get("DeletionProtection") == "ACTIVE":
        raise InvalidParameterException(
            "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be "
            "inactivated first."
        )
    original(backend, pool_id)


def _update_client(
    backend: CognitoIdpBackend, pool_id: str, client_id: str, settings: dict[str, Any]
) -> CognitoIdpUserPoolClient:
    """Give a client the settings of a new one with these: moto keeps what a request leaves out."""
    client = backend.describe_user_pool_client(pool_id, client_id)
    name = client.extended_config.get("ClientName")
    client.extended_config = CognitoIdpUserPoolClient(
        pool_id, client.generate_secret, {"ClientName": name, **settings}
    ).extended_config
    return client


def _risks_of(pool: CognitoIdpUserPool) -> dict[str, dict[str, Any]]:
    """Return a pool's risk configurations by client."""
    risks: dict[str, dict[str, Any]] = vars(pool).setdefault("risk_configurations", {})
    return risks


def set_risk_configuration(handler: CognitoIdpResponse) -> ActionResult:
    """Answer SetRiskConfiguration; one without any part takes the client's away."""
    pool, client = _pool_and_client(handler)
    risks = {name: handler._get_param(name) for name in _RISKS if handler._get_param(name)}
    if risks:
        _risks_of(pool)[client] = risks
    else:
        _risks_of(pool).pop(client, None)
    return ActionResult({"RiskConfiguration": _risk_configuration(pool, client)})


def describe_risk_configuration(handler: CognitoIdpResponse) -> ActionResult:
    """Answer DescribeRiskConfiguration: nothing where nothing was set."""
    return ActionResult({"RiskConfiguration": _risk_configuration(*_pool_and_client(handler))})


def _pool_and_client(handler: CognitoIdpResponse) -> tuple[CognitoIdpUserPool, str]:
    client = handler._get_param("ClientId")
    pool = handler.backend.describe_user_pool(handler._get_param("UserPoolId"))
    if client:
        handler.backend.describe_user_pool_client(pool.id, client)
    return pool, client or _EVERY_CLIENT


def _risk_configuration(pool: CognitoIdpUserPool, client: str) -> dict[str, Any]:
    named = {} if client == _EVERY_CLIENT else {"ClientId": client}
    return {"UserPoolId": pool.id, **named, **_risks_of(pool).get(client, {})}


def list_tags_for_resource(handler: CognitoIdpResponse) -> ActionResult:
    """Answer ListTagsForResource."""
    return ActionResult({"Tags": _tags(handler)})


def tag_resource(handler: CognitoIdpResponse) -> ActionResult:
    """Answer TagResource."""
    _tags(handler).update(handler._get_param("Tags"))
    return EmptyResult()


def untag_resource(handler: CognitoIdpResponse) -> ActionResult:
    """Answer UntagResource."""
    for key in handler._get_param("TagKeys"):
        _tags(handler).pop(key, None)
    return EmptyResult()


def _tags(handler: CognitoIdpResponse) -> dict[str, str]:
    pool = handler.backend.describe_user_pool(handler._get_param("ResourceArn").rpartition("/")[2])
    tags: dict[str, str] = pool.extended_config.setdefault("UserPoolTags", {})
    return tags
