"""The program: `tableguard`, and `python -m tableguard`."""

import sys

from tableguard.findings.exit_code import INTERRUPTED


def main() -> int:
    """Run the command line and return its exit code; Ctrl-C is one line too while the commands are being loaded."""
    try:
        from tableguard.cli.app import main as run  # noqa: PLC0415  # what takes long to load must be inside

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("tableguard: interrupted\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
