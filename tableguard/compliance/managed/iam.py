"""Managed rules about users, groups, roles, and the account's own policies."""

from typing import Any

from tableguard.compliance.evaluator import Inventory, Parameters, evaluates
from tableguard.compliance.item import ACCOUNT, ConfigurationItem
from tableguard.compliance.ruling import COMPLIANT, Ruling, broken, not_applicable
from tableguard.compliance.statements import actions, listed, statements

_USER, _GROUP, _ROLE, _POLICY = "AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::Policy"
_INLINE = {_USER: "userPolicyList", _GROUP: "groupPolicyList", _ROLE: "rolePolicyList"}


@evaluates("IAM_ROOT_ACCESS_KEY_CHECK", ACCOUNT)
def no_root_key(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the root user has no access key: iam-root-access-key-check."""
    if item.fact("summaryMap", "AccountAccessKeysPresent"):
        return broken("the root user has an access key", "delete it")
    return COMPLIANT


@evaluates("ROOT_ACCOUNT_MFA_ENABLED", ACCOUNT)
def root_has_second_factor(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the root user signs in with a second factor: root-account-mfa-enabled."""
    if item.fact("summaryMap", "AccountMFAEnabled"):
        return COMPLIANT
    return broken("the root user signs in without a second factor", "register one for it")


@evaluates("IAM_USER_MFA_ENABLED", _USER)
def user_has_second_factor(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether a user has a second factor: iam-user-mfa-enabled."""
    if item.fact("mfaDevices"):
        return COMPLIANT
    return broken("the user has no second factor", "register one, or remove the user")


@evaluates("IAM_USER_NO_POLICIES_CHECK", _USER)
def user_without_policies(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether a user has his permissions by groups and roles alone: iam-user-no-policies-check."""
    if item.fact("userPolicyList") or item.fact("attachedManagedPolicies"):
        return broken("the user has policies of his own", "give them to a group or a role")
    return COMPLIANT


@evaluates("IAM_NO_INLINE_POLICY_CHECK", _USER, _GROUP, _ROLE)
def no_inline_policy(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether nothing is allowed by an inline policy: iam-no-inline-policy-check."""
    names = [policy["policyName"] for policy in item.fact(_INLINE[item.resource_type]) or ()]
    if names:
        return broken(f"the inline policy {', '.join(names)} is in no list of policies", "make it a managed policy")
    return COMPLIANT


@evaluates("IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS", _POLICY)
def no_administrator_access(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether no statement allows every action on every resource.

    iam-policy-no-statements-with-admin-access: "Effect": "Allow" with "Action": "*" over "Resource": "*".
    """
    if _excluded(item, parameters):
        return not_applicable("a permissions boundary")
    for statement in statements(_document(item)):
        if statement["Effect"] == "Allow" and "*" in actions(statement) and "*" in listed(statement.get("Resource")):
            return broken("the policy allows everything", "list what is needed")
    return COMPLIANT


@evaluates("IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS", _POLICY)
def no_full_access(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether no statement allows every action of a service: iam-policy-no-statements-with-full-access.

    "This rule will only return NON_COMPLIANT if you use unrestricted wildcards (for example, ec2:*)", whatever the
    resource.
    """
    if _excluded(item, parameters):
        return not_applicable("a permissions boundary")
    whole = sorted(
        action
        for statement in statements(_document(item))
        if statement["Effect"] == "Allow"
        for action in actions(statement)
        if action == "*" or action.endswith(":*")
    )
    if whole:
        return broken(f"the policy allows {', '.join(whole)}", "list the actions that are needed")
    return COMPLIANT


def _excluded(item: ConfigurationItem, parameters: Parameters) -> bool:
    return parameters.flag("excludePermissionBoundaryPolicy") and bool(item.fact("permissionsBoundaryUsageCount"))


def _document(item: ConfigurationItem) -> Any:
    return next(version["document"] for version in item.fact("policyVersionList") if version["isDefaultVersion"])
