"""What the reader of a section returns."""

from typing import Any

Values = dict[str, Any]  # fields of Settings by name
