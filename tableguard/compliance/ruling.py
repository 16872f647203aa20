"""The ruling of a rule about one resource, in AWS Config's words."""

from dataclasses import dataclass
from typing import Literal

# https://docs.aws.amazon.com/config/latest/APIReference/API_Evaluation.html
Compliance = Literal["COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE"]


@dataclass(frozen=True)
class Ruling:
    """What a rule says of a resource: what is so, and what to do where it breaks the rule."""

    compliance: Compliance
    problem: str = ""
    remedy: str = ""

    @property
    def annotation(self) -> str:
        """Return what AWS Config shows beside the verdict."""
        return f"{self.problem}; {self.remedy}" if self.remedy else self.problem


COMPLIANT = Ruling("COMPLIANT")


def broken(problem: str, remedy: str) -> Ruling:
    """Return the verdict that a resource breaks its rule."""
    return Ruling("NON_COMPLIANT", problem, remedy)


def not_applicable(problem: str) -> Ruling:
    """Return the verdict that a rule says nothing of a resource, and why."""
    return Ruling("NOT_APPLICABLE", problem)
