"""python -m tests.attack: random worlds and promises; whatever the prover answers, requests try to show it wrong."""

import argparse
import secrets
import sys
import time
from collections.abc import Sequence

from tests.attack.campaign import Campaign, cases
from tests.attack.generator import PROFILES
from tests.attack.shrinking import shrunk

PROGRESS = 30.0  # seconds between two lines about how far it has come
MOST = 5  # contradictions, after which there is enough to mend


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if no answer was contradicted, 1 if one was."""
    options = _options(arguments)
    seed = secrets.randbelow(10**9) if options.seed is None else options.seed
    sys.stdout.write(f"seed {seed}\n")
    campaign = Campaign()
    begun = time.monotonic()
    told = begun
    for case in cases(seed, options.profile or PROFILES):
        contradiction = campaign.attack(case)
        if contradiction is not None:
            sys.stdout.write(f"{shrunk(contradiction)}\n")
        now = time.monotonic()
        if now - told > PROGRESS:
            told = now
            sys.stderr.write(f"{now - begun:.0f} s: {str(campaign.tally).splitlines()[0]}\n")
        if now - begun > options.seconds or len(campaign.tally.contradictions) >= MOST:
            break
    sys.stdout.write(f"{campaign.tally}\n")
    return 1 if campaign.tally.contradictions else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (default: 60)")
    parser.add_argument("--seed", type=int, help="from which worlds and requests are drawn (default: a new one)")
    parser.add_argument("--profile", action="append", choices=sorted(PROFILES), help="what worlds are about")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
