"""`python -m tableguard.attack > docs/attack-ledger.md` makes every attempt, and writes the page of the ledger."""

import sys

from tableguard import settings
from tableguard.attack import page, run

if __name__ == "__main__":
    example = settings.example()
    attempts = run.every_attempt(example)
    with run.staged(example, lambda step: None) as stage:
        ended = tuple(run.outcomes(stage, attempts))
    sys.stdout.write(page.page(run.ledger(attempts, ended)))
