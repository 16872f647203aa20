"""Generate docs/scale/ below the working directory: python -m tableguard.pages."""

import sys

from tableguard.pages.scale_page import FOLDER, write

if __name__ == "__main__":
    for path in write(FOLDER):
        sys.stdout.write(f"{path}\n")
