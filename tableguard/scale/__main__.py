"""python -m tableguard.scale: write stream_lambda/SCALE.md and its pictures anew."""

import sys

from tableguard.package import SOURCE
from tableguard.scale.page import write

if __name__ == "__main__":
    for path in write(SOURCE):
        sys.stdout.write(f"{path}\n")
