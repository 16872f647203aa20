"""Generate docs/single-account.md: how one person runs the store in one account, and what no guardrail then keeps."""

from pathlib import Path

from tableguard.policy import contract
from tableguard.policy.documents import GUARDRAILS

PAGE = Path("docs/single-account.md")  # of a checkout

_INTRODUCTION = """# One person with one account

`tableguard settings single-account > settings.toml` writes settings without `[organization]`. This page follows from
the contracts of `policies/` by `python -m tableguard.pages`.

## Try it, then deploy it

```
tableguard settings single-account > settings.toml
tableguard prove                                             # what holds, and which promises have no guardrail
tableguard up --demo                                         # all of it on the laptop
tableguard bootstrap --profile OWNER                         # the two buckets, once
tableguard deploy --profile OWNER --deployer-profile DEPLOYER
tableguard destroy --break-glass-profile EMERGENCY
tableguard cost
```

`OWNER` is an administrator of the account. `DEPLOYER` and `EMERGENCY` are the roles that `roles.takers` names.

## What is different

- There are no SCPs and RCPs, so the stacks `guardrails` and `oversight` are refused; both are an organization's.
  `tableguard check` lints the other documents alone.
- What policies ask of the organization they ask of the account: `aws:PrincipalOrgID` becomes `aws:PrincipalAccount`.
  Keys of resources, sources and endpoints change likewise. `tableguard/reading/placeholders.py` fills them.
- Who takes a role is a role. [IAM Identity Center](https://docs.aws.amazon.com/singlesignon/latest/userguide/account-instances-identity-center.html)
  has permission sets in an organization only.
- The policies of the table, its endpoint, its keys and buckets stay, as do the boundary, the trail and its alarms.
- AWS Config does not ask whether the account is part of an organization.

## What then does not hold

**Administrators of the account, its root user among them, can undo everything.** In an organization these guardrails
deny it to them; here nothing does. Detections still tell of what they watch. `tableguard prove` names each such
promise as `no guardrail`, those about sequences too, and ends with code 0, since the settings chose it.

"""


def text() -> str:
    """Return the page."""
    contracts = (one for one in contract.load_all() if one.policy.kind in GUARDRAILS)
    rows = (f"| `{one.policy.kind}/{one.policy.name}` | {one.claim} |\n" for one in contracts)
    return f"{_INTRODUCTION}| Guardrail | What it claims, and nobody keeps here |\n| --- | --- |\n{''.join(rows)}"


def write(page: Path) -> Path:
    """Write the page to a file, and return the file's path."""
    page.write_text(text(), encoding="utf-8")
    return page
