"""AWS's catalogue of managed Config rules, which moto carries: parameters, triggers and regions of each."""

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

_PARTITIONS = frozenset(("aws", "aws-cn", "aws-us-gov"))  # the catalogue knows no isolated ones


@dataclass(frozen=True)
class RuleFacts:
    """AWS's description of one managed rule."""

    identifier: str
    parameters: frozenset[str]
    required: frozenset[str]
    defaults: Mapping[str, str]
    resource_types: frozenset[str]
    periodic: bool
    regions: str

    def is_offered_in(self, region: str) -> bool | None:
        """Tell whether a region offers the rule; None for a region that the catalogue cannot know."""
        exclusively, names = self.named_regions()
        name = region_names().get(region)
        return None if name is None else (name in names) is exclusively

    def named_regions(self) -> tuple[bool, frozenset[str]]:
        """Return True and the only regions that offer the rule, or False and the only ones that do not."""
        match = re.fullmatch(
            r"(All supported AWS regions|Only available in)(?: except)? ?(.*?)(?: Region)?", self.regions
        )
        if match is None:
            raise CheckError(f"Config rule {self.identifier}: regions {self.regions!r} are in a form not known here")
        return match[1] == "Only available in", frozenset(filter(None, match[2].split(", ")))


@cache
def region_names() -> Mapping[str, str]:
    """Return the display name of each region, as the catalogue writes it, from botocore's data of endpoints.

    https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
    """
    from botocore.loaders import create_loader  # noqa: PLC0415  # slow to import, and needed for these rules only

    return {
        region: facts["description"]
        for partition in create_loader().load_data("endpoints")["partitions"]
        if partition["partition"] in _PARTITIONS
        for region, facts in partition["regions"].items()
    }


@cache
def catalogue() -> Mapping[str, RuleFacts]:
    """Return every managed rule by its identifier."""
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
        parameters=frozenset(parameter["Name"] for parameter in parameters),
        # a default does not excuse: PutConfigRule refuses a rule without the parameter
        required=frozenset(parameter["Name"] for parameter in parameters if not parameter["Optional"]),
        defaults={parameter["Name"]: parameter["Default"] for parameter in parameters if "Default" in parameter},
        resource_types=frozenset(filter(None, facts.get("Resource Types", "").split(", "))),
        periodic="Periodic" in facts["Trigger type"],
        regions=facts["AWS Region"],
    )
