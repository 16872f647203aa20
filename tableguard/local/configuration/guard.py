"""Asks cfn-guard 2.1.4, in whose language AWS Config runs Guard rules, what a rule says of a configuration item.

https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_cfn-guard.html
Its exit code says 5 of a broken rule and of a broken text alike, and 0 of a text without rules: so its answer is read.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tableguard.compliance.item import ConfigurationItem
from tableguard.compliance.ruling import COMPLIANT, Ruling, broken, not_applicable
from tableguard.errors import ComplianceError
from tableguard.paths import ROOT

VERSION = "2.1.4"
VARIABLE = "TABLEGUARD_CFN_GUARD"
FOLDER = Path(".engines", f"cfn-guard-{VERSION}")
ABSENT = (
    f"cfn-guard {VERSION} is not on this machine: cargo install --locked cfn-guard@{VERSION} builds it; "
    f"{VARIABLE} names it where it is neither on the PATH nor in {FOLDER}"
)


@dataclass(frozen=True)
class GuardReport:
    """What the rules of one text say of one item: names of rules, with the values that broke each."""

    kept: tuple[str, ...]
    broken: Mapping[str, tuple[str, ...]]
    skipped: tuple[str, ...]


@dataclass(frozen=True)
class Guard:
    """The engine, which starts anew for each question: 10 ms."""

    program: Path

    def ruling(self, text: str, item: ConfigurationItem) -> Ruling:
        """Return the verdict of a rule's text about an item; ComplianceError if it judges nothing at all."""
        report = self.report(text, item.as_recorded())
        if report.broken:
            places = "; ".join(f"{name}: {', '.join(checks)}" for name, checks in report.broken.items())
            return broken(f"the Guard rule {places}", "give the resource what the rule names")
        return COMPLIANT if report.kept else not_applicable(f"the Guard rule {', '.join(report.skipped)} skips it")

    def report(self, text: str, item: Mapping[str, Any]) -> GuardReport:
        """Return what each rule of a text says of an item; ComplianceError if the text has none or cannot be read."""
        with TemporaryDirectory() as folder:
            rules, data = Path(folder, "rules.guard"), Path(folder, "item.json")
            rules.write_text(text, encoding="utf-8")
            data.write_text(json.dumps(item, default=str), encoding="utf-8")
            arguments = [
                "--rules",
                str(rules),
                "--data",
                str(data),
                "--show-summary",
                "none",
                "--output-format",
                "json",
            ]
            done = subprocess.run(
                [str(self.program), "validate", *arguments], capture_output=True, encoding="utf-8", check=False
            )
        return _report(done.stdout, done.stderr)


def _report(answer: str, errors: str) -> GuardReport:
    try:
        verdicts = json.loads(answer)
    except ValueError as error:
        line = next(iter((errors or answer).strip().splitlines()), "it says nothing")
        raise ComplianceError(f"cfn-guard cannot judge: {line}") from error
    report = GuardReport(
        kept=tuple(verdicts["compliant"]),
        broken={name: tuple(map(_value, checks)) for name, checks in verdicts["not_compliant"].items()},
        skipped=tuple(verdicts["not_applicable"]),
    )
    if not (report.kept or report.broken or report.skipped):
        raise ComplianceError("cfn-guard judged nothing: the text has no rule")
    return report


def _value(check: Mapping[str, Any]) -> str:
    return f"{check['path'].strip('/').replace('/', '.') or 'the item'} is {json.dumps(check['provided'])}"


def ruling(text: str, item: ConfigurationItem) -> Ruling:
    """Return the verdict of a rule's text about an item; ComplianceError where this machine has no cfn-guard."""
    engine = present()
    if engine is None:
        raise ComplianceError(ABSENT)
    return engine.ruling(text, item)


@cache
def present() -> Guard | None:
    """Return the engine of this machine, or None; ComplianceError if the one that is named is another version."""
    named = os.environ.get(VARIABLE)
    if named:
        if _version(Path(named)) != VERSION:
            raise ComplianceError(f"{VARIABLE}={named}: this is no cfn-guard {VERSION}")
        return Guard(Path(named))
    installed = [folder / FOLDER / "bin" / "cfn-guard" for folder in (Path(), ROOT)]
    on_path = shutil.which("cfn-guard")
    candidates = [*installed, *([Path(on_path)] if on_path else [])]
    return next((Guard(path.resolve()) for path in candidates if _version(path) == VERSION), None)


def _version(program: Path) -> str:
    """Return what a program calls its version; empty of one that cannot be asked."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, encoding="utf-8", check=False)
    except OSError:
        return ""
    return done.stdout.strip().removeprefix("cfn-guard ")
