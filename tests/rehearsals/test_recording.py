"""The recorded run of docs/deploy.md is what its commands print today."""

from pathlib import Path

import pytest

from tests.rehearsals import recording

pytestmark = pytest.mark.slow


def test_the_page_has_what_the_commands_print(tmp_path: Path) -> None:
    assert recording.block(recording.PAGE.read_text(encoding="utf-8")) == recording.recorded(tmp_path)
