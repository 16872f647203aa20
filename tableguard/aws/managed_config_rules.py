"""AWS's catalogue of managed Config rules, as moto ships it: parameters, triggers and the regions that offer each."""

import gzip
import importlib.util
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tableguard.errors import CheckError

# The catalogue tells regions by their display names.
# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
REGION_NAMES = {
    "af-south-1": "Africa (Cape Town)",
    "ap-east-1": "Asia Pacific (Hong Kong)",
    "ap-east-2": "Asia Pacific (Taipei)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-northeast-3": "Asia Pacific (Osaka)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-south-2": "Asia Pacific (Hyderabad)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ap-southeast-3": "Asia Pacific (Jakarta)",
    "ap-southeast-4": "Asia Pacific (Melbourne)",
    "ap-southeast-5": "Asia Pacific (Malaysia)",
    "ap-southeast-6": "Asia Pacific (New Zealand)",
    "ap-southeast-7": "Asia Pacific (Thailand)",
    "ca-central-1": "Canada (Central)",
    "ca-west-1": "Canada West (Calgary)",
    "cn-north-1": "China (Beijing)",
    "cn-northwest-1": "China (Ningxia)",
    "eu-central-1": "Europe (Frankfurt)",
    "eu-central-2": "Europe (Zurich)",
    "eu-north-1": "Europe (Stockholm)",
    "eu-south-1": "Europe (Milan)",
    "eu-south-2": "Europe (Spain)",
    "eu-west-1": "Europe (Ireland)",
    "eu-west-2": "Europe (London)",
    "eu-west-3": "Europe (Paris)",
    "il-central-1": "Israel (Tel Aviv)",
    "me-central-1": "Middle East (UAE)",
    "me-south-1": "Middle East (Bahrain)",
    "mx-central-1": "Mexico (Central)",
    "sa-east-1": "South America (Sao Paulo)",
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-gov-east-1": "AWS GovCloud (US-East)",
    "us-gov-west-1": "AWS GovCloud (US-West)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
}


@dataclass(frozen=True)
class RuleFacts:
    """What AWS says of one managed rule."""

    identifier: str
    parameters: frozenset[str]
    required: frozenset[str]
    periodic: bool
    regions: str

    def offered_in(self, region: str) -> bool | None:
        """Whether a region offers it; None for a region that the catalogue cannot know."""
        exclusively, names = self.named_regions()
        if region not in REGION_NAMES:
            return None
        return (REGION_NAMES[region] in names) is exclusively

    def named_regions(self) -> tuple[bool, frozenset[str]]:
        """The regions that the catalogue names: those alone (True), or all others (False)."""
        found = re.fullmatch(
            r"(All supported AWS regions|Only available in)(?: except)? ?(.*?)(?: Region)?", self.regions
        )
        if found is None:
            raise CheckError(f"Config rule {self.identifier}: regions {self.regions!r} are in a form not known here")
        return found[1] == "Only available in", frozenset(filter(None, found[2].split(", ")))


@cache
def catalogue() -> Mapping[str, RuleFacts]:
    """Every managed rule by its identifier."""
    try:
        rules = json.loads(gzip.decompress(_path().read_bytes()))["ManagedRules"]
    except (OSError, KeyError, ValueError) as error:
        raise CheckError(
            f"moto's catalogue of Config rules cannot be read ({error}); install moto>=5.2.5,<5.3"
        ) from error
    return {identifier: _rule(identifier, facts) for identifier, facts in rules.items()}


def _path() -> Path:
    # found, not imported: moto.config would load moto and boto3 for one data file
    moto = importlib.util.find_spec("moto")
    if moto is None or not moto.submodule_search_locations:
        raise CheckError(
            "moto, which carries AWS's catalogue of Config rules, is not installed; install moto>=5.2.5,<5.3"
        )
    return Path(moto.submodule_search_locations[0], "config", "resources", "aws_managed_rules.json.gz")


def _rule(identifier: str, facts: Mapping[str, Any]) -> RuleFacts:
    parameters = facts["Parameters"]
    return RuleFacts(
        identifier=identifier,
        parameters=frozenset(each["Name"] for each in parameters),
        # a default does not excuse: PutConfigRule refuses a rule without the parameter
        required=frozenset(each["Name"] for each in parameters if not each["Optional"]),
        periodic="Periodic" in facts["Trigger type"],
        regions=facts["AWS Region"],
    )
