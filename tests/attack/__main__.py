"""python -m tests.attack: random worlds and promises; whatever the prover answers, requests try to show it wrong.

With --differences: random changes of such worlds, and what diff says of them.
"""

import argparse
import secrets
import sys
import time
from collections.abc import Sequence

from tests.attack.campaign import Campaign, Contradiction, cases
from tests.attack.differences import DifferenceCampaign
from tests.attack.generator import PROFILES
from tests.attack.shrinking import shrunk

PROGRESS = 30.0  # seconds between two lines about how far it has come
MOST = 5  # contradictions, after which there is enough to mend


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if no answer was contradicted, 1 if one was."""
    options = _options(arguments)
    seed = secrets.randbelow(10**9) if options.seed is None else options.seed
    sys.stdout.write(f"seed {seed}\n")
    campaign = DifferenceCampaign() if options.differences else Campaign()
    begun = time.monotonic()
    told = begun
    for case in cases(seed, options.profile or PROFILES):
        contradiction = campaign.attack(case)
        if contradiction is not None:
            smallest = shrunk(contradiction) if isinstance(contradiction, Contradiction) else contradiction
            sys.stdout.write(f"{smallest}\n")
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
    parser.add_argument("--differences", action="store_true", help="attack diff, not the prover's answers")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
