"""Nobody can lead what is written elsewhere, or read it."""

import os
from pathlib import Path

import pytest

from tableguard.errors import EmbeddedError
from tableguard.local.run_folder.private import make_folder, write_file


def test_a_folder_is_made_with_its_parents_for_its_owner_alone(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o500])
def test_a_folder_of_another_mode_becomes_its_owners_alone(tmp_path: Path, mode: int) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(mode)
    make_folder(tmp_path / "a")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("leads_to", ["elsewhere", "nowhere"])
def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path, leads_to: str) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o755)
    (tmp_path / "a").symlink_to(tmp_path / leads_to)
    with pytest.raises(EmbeddedError, match="/a: is a symbolic link; remove it, or name another folder with XDG_STATE"):
        make_folder(tmp_path / "a")
    assert (tmp_path / "elsewhere").stat().st_mode & 0o777 == 0o755


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir(mode=0o755)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(EmbeddedError, match="/a: belongs to another user; "):
        make_folder(tmp_path / "a")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o755


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(EmbeddedError, match=r"/a: cannot be used .File exists"):
        make_folder(tmp_path / "a")


@pytest.mark.parametrize("planted", ["file", ".file"])
def test_a_link_in_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path, planted: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("as it was")
    (tmp_path / planted).symlink_to(victim)
    write_file(tmp_path / "file", "ours")
    assert ((tmp_path / "file").read_text(), victim.read_text()) == ("ours", "as it was")
    assert not (tmp_path / "file").is_symlink()
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "victim"]
