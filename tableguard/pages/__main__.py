"""Generate the pages that follow from data, below the working directory: python -m tableguard.pages."""

import sys

from tableguard.pages import controls_page, coverage_page, scale_page, single_account_page

if __name__ == "__main__":
    for path in (
        *scale_page.write(scale_page.FOLDER),
        controls_page.write(controls_page.PAGE),
        coverage_page.write(coverage_page.PAGE),
        single_account_page.write(single_account_page.PAGE),
    ):
        sys.stdout.write(f"{path}\n")
