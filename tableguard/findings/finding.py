"""What a check answers: a place, the rule, what is wrong there, and what to do."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, order=True)
class Finding:
    """One thing wrong at one place; findings sort by place and then by rule."""

    place: str
    rule: str
    problem: str
    remedy: str
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.place}: {self.level} {self.rule}: {self.problem}; {self.remedy}"
