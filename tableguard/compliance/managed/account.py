"""Managed rules about the account itself."""

from tableguard.compliance.evaluator import Inventory, Parameters, evaluates
from tableguard.compliance.item import ACCOUNT, ConfigurationItem
from tableguard.compliance.ruling import COMPLIANT, Ruling, broken


@evaluates("ACCOUNT_PART_OF_ORGANIZATIONS", ACCOUNT)
def part_of_organization(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the account is in an organization, of MasterAccountId if given: account-part-of-organizations."""
    owner, wanted = item.fact("organization", "masterAccountId"), parameters.text("MasterAccountId")
    if owner is None:
        return broken("the account is in no organization, whose policies would bind it", "invite it into yours")
    if wanted and owner != wanted:
        return broken(f"the account is in the organization of {owner}", f"move it into that of {wanted}")
    return COMPLIANT
