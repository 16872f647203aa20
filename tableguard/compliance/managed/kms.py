"""Managed rules about keys."""

from tableguard.compliance.evaluator import Inventory, Parameters, evaluates
from tableguard.compliance.item import ConfigurationItem
from tableguard.compliance.ruling import COMPLIANT, Ruling, broken, not_applicable
from tableguard.compliance.statements import public

_KEY = "AWS::KMS::Key"


@evaluates("KMS_CMK_NOT_SCHEDULED_FOR_DELETION", _KEY)
def not_scheduled_for_deletion(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether a key is not about to be deleted: kms-cmk-not-scheduled-for-deletion.

    A key that kmsKeyIds does not name is left alone, and so are the keys of AWS's services.
    """
    if item.fact("keyManager") == "AWS" or item.resource_id not in (
        parameters.listed("kmsKeyIds") or (item.resource_id,)
    ):
        return not_applicable("not among the keys that the rule looks at")
    # a primary key whose replicas must go first is scheduled as well
    # https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    if item.fact("keyState") in ("PendingDeletion", "PendingReplicaDeletion"):
        return broken("the key is about to be deleted, and all that it encrypts with it", "cancel its deletion")
    return COMPLIANT


@evaluates("CMK_BACKING_KEY_ROTATION_ENABLED", _KEY)
def rotates(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether a key rotates: cmk-backing-key-rotation-enabled.

    The rule looks at symmetric keys with material of KMS's own. The page leaves open what it says of a key that is
    disabled or about to be deleted; here nothing.
    """
    if item.fact("keyManager") == "AWS":
        return not_applicable("AWS rotates the keys of its services")
    if item.fact("keySpec") != "SYMMETRIC_DEFAULT" or item.fact("origin") != "AWS_KMS":
        return not_applicable("KMS does not rotate such a key")
    if item.fact("keyState") != "Enabled":
        return not_applicable(f"the key is {item.fact('keyState')}")
    if item.supplement("KeyRotationStatus"):
        return COMPLIANT
    return broken("the key's material stays the same for ever", "enable its rotation")


@evaluates("KMS_KEY_POLICY_NO_PUBLIC_ACCESS", _KEY)
def not_public(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the key's policy lets only fixed principals in: kms-key-policy-no-public-access."""
    if item.fact("keyManager") == "AWS":
        return not_applicable("a key of one of AWS's services")
    if names := public(item.supplement("Policy")):
        return broken(f"everybody may use the key ({', '.join(names)})", "name the principals in the key's policy")
    return COMPLIANT
