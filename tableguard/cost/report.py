"""Report costs: assumptions, a bill for each mode, break-evens, sources."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from typing import Any

from tableguard.cost import break_even
from tableguard.cost.bill import Bill, bill
from tableguard.cost.break_even import BASE, Costs, Crossing
from tableguard.cost.circumstances import MODES
from tableguard.cost.prices import FULLEST, OLD_DAYS, Price, old
from tableguard.scale.formulas import BatchFigures, batch
from tableguard.scale.invocation import InvocationModel

# What the bills do not hold, so that nobody takes silence for nothing.
LEFT_OUT = (
    "free tiers, taxes, discounts and reserved capacity; a Database Savings Plan only with savings-plan",
    "storage and requests of S3 (trail, AWS Config, failed batches), flow logs of the VPC, alerts by e-mail",
    "restores, data leaving the region or passing endpoints and VPN, the application's own compute, Cognito's messages",
    "failed conditions and redelivered batches, edits, deletions, and expiry (which DynamoDB does without charge)",
    "the former index while former_index = true: two write units more a row update, and all rows once more",
    "whether the chosen number of DAX nodes carries the reads",
)


@dataclass(frozen=True)
class CostReport:
    """The cost of a workload in some modes of capacity."""

    costs: Costs
    modes: Sequence[str]
    region: str
    home_region: str
    today: date

    @cached_property
    def bills(self) -> tuple[Bill, ...]:
        """Return the bill of each mode."""
        usage = self.costs.usage(self.costs.workload.messages_a_day)
        return tuple(bill(usage, self.costs.prices, mode) for mode in self.modes)

    @cached_property
    def crossings(self) -> tuple[Crossing, ...]:
        """Return the break-evens with on demand of all modes whose prices are known."""
        return break_even.crossings(self.costs, [mode for mode in MODES if mode not in (BASE, *self.not_compared)])

    @cached_property
    def not_compared(self) -> tuple[str, ...]:
        """Return the modes of which a price is not known that on demand does not need: they would look too cheap."""
        usage = self.costs.usage(self.costs.workload.messages_a_day)
        unpriced = {mode: set(bill(usage, self.costs.prices, mode).unpriced) for mode in MODES}
        return tuple(mode for mode in MODES if unpriced[mode] - unpriced[BASE])

    @property
    def peak(self) -> BatchFigures:
        """Return the mean batch at the day's peak."""
        return batch(self.costs.workload, InvocationModel(self.costs.estate.memory))

    @property
    def warnings(self) -> list[str]:
        """Return the warnings that a reader needs before believing a figure."""
        return list(self._warnings())

    def _warnings(self) -> Iterator[str]:
        if self.home_region != self.region:
            yield f"prices are those of {self.region}, and the settings' home region is {self.home_region}"
        if foreign := sorted(price.name for price in self._prices() if price.region != self.region):
            yield (
                f"{len(foreign)} prices are not {self.region}'s but {FULLEST}'s, as none is known: "
                f"{', '.join(foreign)}; "
                f"`tableguard prices refresh --region {self.region}` reads them"
            )
        aged = old({price.name: price for price in self._prices()}, self.today)
        if aged:
            yield f"{len(aged)} prices were read more than {OLD_DAYS} days ago: look again at their pages"
        if not self.peak.keeps_up:
            yield f"the function falls behind at the peak: a lane takes {self.peak.capacity:.0f} messages a second"
        if self.peak.concurrency > self.costs.estate.concurrency:
            needed, there = self.peak.concurrency, self.costs.estate.concurrency
            yield f"at the peak {needed:.0f} invocations would run at once, and {there} are reserved"

    def facts(self) -> dict[str, Any]:
        """Return everything that --json prints."""
        usage = self.costs.usage(self.costs.workload.messages_a_day)
        return {
            "region": self.region,
            "currency": "USD",
            "assumptions": asdict(self.costs.workload) | asdict(self.costs.circumstances),
            "estate": asdict(self.costs.estate),
            "derived": asdict(self.costs.workload.sizes)
            | {"shards": usage.shards, "table_gb": usage.table_gb, "write_units_a_message": self.peak.write_units},
            "bills": [_bill_facts(month) for month in self.bills],
            "break_even": [asdict(crossing) for crossing in self.crossings],
            "not_compared": list(self.not_compared),
            "used_capacity_for_provisioned": break_even.use_of_capacity(self.costs.prices),
            "prices": [asdict(price) for price in self._prices()],
            "left_out": list(LEFT_OUT),
            "warnings": self.warnings,
        }

    def text(self) -> str:
        """Return the report as text."""
        return "\n".join(
            [
                *self.assumptions(),
                *(line for month in self.bills for line in _bill_text(month, self.footnotes)),
                *self.summary(),
                *self.sources(),
                *(f"\nNote: {warning}." for warning in self.warnings),
            ]
        )

    def _prices(self) -> list[Price]:
        used = {line.price.name: line.price for month in self.bills for line in month.lines}
        return [used[name] for name in sorted(used)]

    @property
    def footnotes(self) -> dict[str, str]:
        """Return the number of each price's footnote, with the Region where the price is another's."""
        return {
            price.name: str(number) if price.region == self.region else f"{number} {price.region}"
            for number, price in enumerate(self._prices(), start=1)
        }

    def assumptions(self) -> list[str]:
        """Return the lines that come before the bills."""
        facts = self.facts()
        derived, estate = facts["derived"], self.costs.estate
        return [
            "Assumed (change any of it with the option of its name):",
            *(f"  {name.replace('_', '-'):<20} {value:>12,g}" for name, value in facts["assumptions"].items()),
            "From templates and code:",
            f"  a message has {derived['message']} bytes, a row {derived['row']}, a group {derived['group']}; "
            f"{derived['write_units_a_message']:.2f} write units a message at the peak",
            f"  {derived['table_gb']:,.0f} GB in the table once retention is full, on {derived['shards']} partitions",
            f"  {estate.alarms} alarms, {estate.keys} keys, "
            f"{estate.periodic_rules + estate.triggered_rules} Config rules, "
            f"a function of {estate.memory} MB, {estate.backup_days} daily backups",
        ]

    def summary(self) -> list[str]:
        """Return the lines about breaking even."""
        used = break_even.use_of_capacity(self.costs.prices)
        return [
            "\nBreak-even with on demand, everything else as above:",
            *(
                f"  {MODES[crossing.mode]}: {'cheaper' if crossing.cheaper else 'dearer'} from "
                f"{break_even.two_digits(crossing.messages_a_day)} messages a day on"
                for crossing in self.crossings
            ),
            *(f"  {MODES[mode]}: not compared, for want of a price" for mode in self.not_compared),
            *(["  none between a thousand and a thousand million messages a day"] if not self.crossings else []),
            *([f"  write capacity pays once {used:.0%} of it is used"] if used is not None else []),
        ]

    def sources(self) -> list[str]:
        """Return each price with its page, and what no bill holds."""
        return [
            f"\nPrices ({self.region}):",
            *(
                f"  [{self.footnotes[price.name]}] {price.name}: {price.usd:g} USD for {price.per:,.0f} {price.unit}; "
                f"{price.source}"
                for price in self._prices()
            ),
            "\nNot in it:",
            *(f"  {item}" for item in LEFT_OUT),
        ]


def _bill_facts(month: Bill) -> dict[str, Any]:
    return {
        "mode": month.mode,
        "usd_a_month": month.usd,
        "lines": [
            {
                "group": line.group,
                "what": line.what,
                "quantity": line.quantity,
                "price": line.price.name,
                "usd": line.usd,
            }
            for line in month.lines
        ],
        "unpriced": list(month.unpriced),
    }


def _bill_text(month: Bill, footnotes: dict[str, str]) -> list[str]:
    return [
        f"\n{MODES[month.mode].capitalize()}: {month.usd:,.2f} USD a month",
        *(
            f"  {line.group:<11} {line.what:<36} {line.quantity:>17,.0f} {line.price.unit:<30} {line.usd:>12,.2f} "
            f"[{footnotes[line.price.name]}]"
            for line in month.lines
        ),
        *(f"  no price for {item}: the line is left out" for item in month.unpriced),
    ]
