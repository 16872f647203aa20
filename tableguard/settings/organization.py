"""[organization] and [roles]: whom the guardrails bind, whom they exempt, and who may take each role."""

from tableguard.reading.toml_table import Section
from tableguard.settings.model import Takers
from tableguard.settings.patterns import ACCOUNT, AN_ACCOUNT, ROLE_ARN, TAKER
from tableguard.settings.values import Values


def organization(section: Section) -> Values:
    return {
        "organization_id": section.text(
            "id", pattern=r"o-[a-z0-9]{10,32}", accepted="an organization id: o- and 10 to 32 of a-z, 0-9"
        ),
        "management_account_id": section.text("management_account_id", pattern=ACCOUNT, accepted=AN_ACCOUNT),
        "organization_targets": section.distinct_texts(
            "targets",
            rf"r-[0-9a-z]{{4,32}}|ou-[0-9a-z]{{4,32}}-[0-9a-z]{{8,32}}|{ACCOUNT}",
            "root ids (r-…), organizational unit ids (ou-ROOT-UNIT, UNIT being 8 to 32 of a-z and 0-9) and account ids",
        ),
    }


def roles(section: Section) -> Values:
    accepted = "full role ARNs without wildcards, arn:aws:iam::ACCOUNT:role/NAME"
    return {
        "exempt_roles": section.distinct_texts("exempt", ROLE_ARN, accepted),
        "break_glass_roles": section.distinct_texts("break_glass", ROLE_ARN, accepted),
        "takers": _takers(section.section("takers")),
    }


def _takers(section: Section) -> Takers:
    accepted = "role ARNs without wildcards, and permission-set/NAME for one of IAM Identity Center"
    takers = Takers(
        **{
            role: section.distinct_texts(role, TAKER, accepted)
            for role in ("deployer", "operator", "auditor", "break_glass")
        },
        application=section.distinct_texts("application", TAKER, accepted, default=()),
        member_services=section.distinct_texts("member_services", TAKER, accepted, default=()),
    )
    section.close()
    return takers
