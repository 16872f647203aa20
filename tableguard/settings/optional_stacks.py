"""[stacks]: which of the optional stacks are wanted."""

from tableguard.reading.toml_table import Section
from tableguard.settings.values import Values

OPTIONAL_STACKS = ("guardrails", "oversight", "config", "login", "cache", "onprem", "bootstrap", "archive")


def stacks(section: Section) -> Values:
    chosen = section.take(
        "optional",
        f"a list of any of {', '.join(OPTIONAL_STACKS)}",
        lambda value: isinstance(value, list) and all(item in OPTIONAL_STACKS for item in value),
    )
    return {"optional_stacks": tuple(stack for stack in OPTIONAL_STACKS if stack in chosen)}
