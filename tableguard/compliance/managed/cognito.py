"""Managed rules about identity pools."""

from tableguard.compliance.evaluator import Inventory, Parameters, evaluates
from tableguard.compliance.item import ConfigurationItem
from tableguard.compliance.ruling import COMPLIANT, Ruling, broken


@evaluates("COGNITO_IDENTITY_POOL_UNAUTH_ACCESS_CHECK", "AWS::Cognito::IdentityPool")
def no_guests(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether an identity pool refuses guests: cognito-identity-pool-unauth-access-check."""
    if item.fact("AllowUnauthenticatedIdentities"):
        return broken("guests get credentials of the identity pool", "set AllowUnauthenticatedIdentities to false")
    return COMPLIANT
