"""python -m tableguard.scale: write stream_lambda/SCALE.md and its pictures anew."""

import sys

from tableguard.pages.scale_page import write
from tableguard.stacks.package import SOURCE

if __name__ == "__main__":
    for path in write(SOURCE):
        sys.stdout.write(f"{path}\n")
