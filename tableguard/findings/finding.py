"""The finding: one fault at one place of one file, in the form that every command reports it."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """One fault: the rule that is broken, where, what is wrong there, and what to do.

    `file` is what a reader opens: as the user wrote it, or relative to the working directory. `path` leads to the part
    of the document, "" for all of it. `line` counts from 1; None where the file has no text of its own to point to.
    """

    rule: str
    file: str
    path: str
    line: int | None
    problem: str
    remedy: str
    level: Level = "error"

    def __str__(self) -> str:
        return f"{self.place}: {self.level} {self.rule}: {self.problem}; {self.remedy}"

    @property
    def place(self) -> str:
        """Return file, line and path as one text that editors can follow."""
        return place(self.file, self.line, self.path)

    @property
    def order(self) -> tuple[str, int, str, str, str]:
        """Return the key that findings are sorted by: their place, then the rule."""
        return self.file, self.line or 0, self.path, self.rule, self.problem


def place(file: str, line: int | None, path: str) -> str:
    """Write a place as `file:line: path`, without the parts that are unknown."""
    at = f"{file}:{line}" if line else file
    return f"{at}: {path}" if path else at
