"""Read policies/waived.toml: calls that change something and that no detection watches, each with the reason."""

from dataclasses import dataclass
from pathlib import Path

from tableguard.paths import POLICIES
from tableguard.reading.toml_table import Table, read_toml

FILE = POLICIES / "waived.toml"


@dataclass(frozen=True)
class Waiver:
    """Calls of one service, by name or, ending in *, by prefix, that are watched by nothing for one reason."""

    service: str
    reason: str
    names: tuple[str, ...]


def load(file: Path = FILE) -> tuple[Waiver, ...]:
    """Return the waivers of the file; PolicyError names group, key and what is accepted."""
    table = Table(file.name, read_toml(file))
    waivers = [
        _waiver(Table(f"{file.name}: group {number}", entry))
        for number, entry in enumerate(table.tables("group"), start=1)
    ]
    table.close()
    return tuple(waivers)


def _waiver(table: Table) -> Waiver:
    waiver = Waiver(
        service=table.text("service", pattern=r"[a-z0-9-]+", accepted="a service as in eventSource, such as dynamodb"),
        reason=table.text("reason"),
        names=table.distinct_texts("names", r"[A-Z][A-Za-z0-9]*\*?", "names of calls (ending in *: prefixes of them)"),
    )
    table.close()
    return waiver
