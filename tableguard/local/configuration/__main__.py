"""`python -m tableguard.local.configuration > docs/config-verdicts.md` judges a fresh estate, and writes the page."""

import sys
from datetime import datetime

from tableguard import settings
from tableguard.compliance import exceptions, managed
from tableguard.compliance.evaluator import Inventory
from tableguard.compliance.judgement import judged
from tableguard.compliance.page import page
from tableguard.compliance.report import ComplianceReport
from tableguard.local import estate
from tableguard.local.configuration import deployed, guard, inventory


def report(running: estate.EmbeddedEstate, now: datetime) -> ComplianceReport:
    """Judge an estate as its auditor may read it."""
    client, own = running.roles["auditor"].client, running.settings
    items = Inventory(tuple(inventory.items(client, own.account_id, own.home_region)), now)
    rules, recording = deployed.rules(client("config")), deployed.recording(client("config"))
    judgements = tuple(judged(rules, items, recording, managed.evaluators(), guard.ruling))
    return ComplianceReport(
        rules, judgements, exceptions.load(own.policy_values()), "templates/sections/config_rules.py"
    )


if __name__ == "__main__":
    with estate.running(settings.example(), 0, lambda step: None) as running:
        sys.stdout.write(page(report(running, running.watch.clock.now())))
