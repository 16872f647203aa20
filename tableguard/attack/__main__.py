"""`python -m tableguard.attack > docs/attack-ledger.md` makes every attempt, and writes the page of the ledger."""

import sys

from tableguard import settings
from tableguard.attack import catalogue, page, run

if __name__ == "__main__":
    attempts = catalogue.load_all()
    with run.staged(settings.example(), lambda step: None) as stage:
        ended = tuple(run.outcomes(stage, attempts))
    sys.stdout.write(page.page(run.ledger(attempts, ended)))
