"""The tables that terminals show where pipes get lines: the same facts, by rich."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from tableguard.findings.counts import counted
from tableguard.stacks.status import SUCCEEDED

if TYPE_CHECKING:
    from tableguard.cost.bill import Bill
    from tableguard.findings.outcome import Outcome
    from tableguard.prove.preflight.assignment import Assignment
    from tableguard.stacks.destruction.plan import PlannedDeletion


def bill(month: "Bill", title: str, footnotes: Mapping[str, str]) -> Table:
    """Return the bill of a month in one mode, its total at the foot."""
    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left", show_footer=True)
    table.add_column("for", footer="total")
    table.add_column("what")
    table.add_column("quantity", justify="right")
    table.add_column("unit")
    table.add_column("USD a month", justify="right", footer=f"{month.usd:,.2f}")
    table.add_column("price", justify="right")
    for line in month.lines:
        numbers = f"{line.quantity:,.0f}", line.price.unit, f"{line.usd:,.2f}", Text(f"[{footnotes[line.price.name]}]")
        table.add_row(line.group, line.what, *numbers)
    return table


def outcomes(engines: "Sequence[Outcome]") -> Table:
    """Return the counts of each engine of a check; what is not well is in colour."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column("engine")
    for name in ("passed", "failed", "skipped", "unanswered"):
        table.add_column(name, justify="right")
    for outcome in engines:
        table.add_row(
            outcome.engine,
            counted(outcome.passed, outcome.unit.removesuffix("s")),
            _count(outcome.failed, "red"),
            _count(len(outcome.skips), "yellow"),
            _count(len(outcome.unanswered), "red"),
        )
    return table


def assignments(title: str, assigned: "Sequence[Assignment]") -> Table:
    """Return who deploys each stack, and why it is not the usual principal; break-glass is in colour."""
    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left")
    for name in ("stack", "changes", "by", "because"):
        table.add_column(name)
    for one in assigned:
        by = Text(one.principal, style="bold red" if one.principal == "break-glass" else "")
        table.add_row(one.planned.stack_name, one.summary, by, Text("\n".join(one.reasons)))
    return table


def statuses(rows: Sequence[tuple[str, ...]]) -> Table:
    """Return each stack's status, protection and drift; what is amiss is in colour."""
    table = Table(box=SIMPLE_HEAD)
    for name in ("stack", "status", "deletion", "drift", "updated"):
        table.add_column(name)
    for name, status, protection, drift, updated in rows:
        table.add_row(
            name,
            Text(status, style="" if status in SUCCEEDED else "bold red"),
            Text(protection, style="bold red" if protection == "unprotected" else ""),
            Text(drift, style="bold red" if drift.startswith("drifted") else ""),
            updated,
        )
    return table


def deletions(title: str, deletion: "PlannedDeletion") -> Table:
    """Return what goes with a stack, in colour, and what is kept."""
    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left")
    for name in ("", "type", "resource"):
        table.add_column(name)
    for resource_type, physical_id in deletion.deleted:
        table.add_row(Text("deleted", style="bold red"), resource_type, Text(physical_id, overflow="fold"))
    for resource_type, physical_id in deletion.retained:
        table.add_row(Text("kept", style="green"), resource_type, Text(physical_id, overflow="fold"))
    return table


def _count(number: int, style: str) -> Text:
    return Text(str(number), style=style if number else "")
