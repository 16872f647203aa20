"""[workload]: the workload's name, account and Regions."""

from typing import Any

from tableguard.aws.regions import unknown_region
from tableguard.partitions import of_region
from tableguard.reading.toml_table import Section
from tableguard.settings.patterns import A_REGION, ACCOUNT, AN_ACCOUNT, REGION
from tableguard.settings.values import Values

ENVIRONMENTS = ("production", "staging", "development")


def workload(section: Section) -> Values:
    values: dict[str, Any] = {
        "name": section.text(
            "name", pattern=r"[a-z][a-z0-9-]{1,18}[a-z0-9]", accepted='3 to 20 of a-z, 0-9 and "-", a letter first'
        ),
        "environment": section.choice("environment", ENVIRONMENTS),
        "account_id": section.text("account_id", pattern=ACCOUNT, accepted=AN_ACCOUNT),
        "home_region": section.text("home_region", pattern=REGION, accepted=A_REGION),
        "allowed_regions": section.distinct_texts("allowed_regions", REGION, A_REGION),
    }
    for key, names, accepted in (
        ("home_region", (values["home_region"],), A_REGION),
        ("allowed_regions", values["allowed_regions"], f"a list, not empty and without repetition, of {A_REGION}"),
    ):
        for why in filter(None, (unknown_region(name, of_region(name)) for name in names)):
            raise section.refusal(key, f"{accepted}; {why}")
    return values
