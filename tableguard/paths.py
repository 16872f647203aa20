"""Paths of policies/ and templates/: beside the package in a checkout, inside it once installed."""

from pathlib import Path

_INSTALLED = Path(__file__).resolve().parent / "_project"

ROOT = _INSTALLED if _INSTALLED.is_dir() else _INSTALLED.parent.parent
POLICIES = ROOT / "policies"
TEMPLATES = ROOT / "templates"
EXAMPLE_SETTINGS = TEMPLATES / "settings"


def from_here(path: Path) -> Path:
    """Return a path relative to the working directory where it lies below it, and unchanged elsewhere."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
