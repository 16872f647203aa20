"""The rows of docs/attacks.md, the page of attacks that were tried."""

import re
from dataclasses import dataclass

from tests.paths import ROOT


@dataclass(frozen=True)
class Row:
    """One row: the number of the finding, what was found, what happens now, and the tests that show it."""

    number: str
    attack: str
    now: str
    shown: str

    @property
    def statements(self) -> set[str]:
        """Return the statements that refuse it."""
        return set(re.findall(r"`(Deny\w+)`", self.now))

    @property
    def case(self) -> str | None:
        """Return the case in brackets behind its test, if there is one."""
        found = re.search(r"\[(.+)\]`$", self.shown)
        return found and found[1]


def rows() -> list[Row]:
    """Return all rows with a number, from the top."""
    lines = (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8").splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines]
    return [Row(*row) for row in cells if re.fullmatch(r"[SF]?\d+", row[0])]
