"""The guardrails: every SCP and RCP of policies/, attached where the settings say, from the management account."""

from troposphere import Template, organizations

from tableguard.errors import TemplateError
from tableguard.policy import contract as contracts
from tableguard.policy import documents
from tableguard.policy.contract import Contract
from tableguard.settings import Settings
from templates import parts
from templates.builder import StackBuilder

TYPES = {"rcp": "RESOURCE_CONTROL_POLICY", "scp": "SERVICE_CONTROL_POLICY"}
DESCRIPTION_CHARACTERS = 512  # https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html


def template(settings: Settings) -> Template:
    """Build one organization policy for each document of policies/scp and policies/rcp."""
    # The alerts on these policies belong to the organization's own trail: its calls appear in the management account
    # and in us-east-1, which a stack in the home region does not see. A member's attempt to leave is in our trail.
    stack = StackBuilder(settings, "service and resource control policies of the organization")
    before: list[str] = []
    for kind in TYPES:
        for name in documents.names(kind):
            policy = stack.add(_policy(stack, kind, name))
            # Policies made at the same time fail, saying that the name exists already:
            # https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2245
            if before:
                policy.DependsOn = before[-1:]
            before.append(policy.title)
    return stack.template


def _policy(stack: StackBuilder, kind: str, name: str) -> organizations.Policy:
    return organizations.Policy(
        name.title().replace("_", ""),
        Name=stack.named(name.replace("_", "-")),
        Type=TYPES[kind],
        Description=description(contracts.load(documents.load(kind, name))),
        Content=stack.policy_with_literal_ids(kind, name),
        TargetIds=list(stack.settings.organization_targets),
        Tags=stack.tags(),
        # A deleted stack must not open what the policies close; what is tried out in development can be taken down.
        **({} if stack.settings.environment == "development" else parts.RETAINED),
    )


def description(contract: Contract) -> str:
    """Return the document's claim, which an administrator reads in the console."""
    if len(contract.claim) > DESCRIPTION_CHARACTERS:
        place = f"{contract.policy.kind}/{contract.policy.name}.toml"
        raise TemplateError(
            f"{place}: claim: {len(contract.claim)} characters; Organizations takes {DESCRIPTION_CHARACTERS} at most"
        )
    return contract.claim
