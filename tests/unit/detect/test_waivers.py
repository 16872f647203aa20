"""The file of waivers: read strictly, refused with the group and the key."""

from pathlib import Path

import pytest

from tableguard.detect import waivers
from tableguard.detect.waivers import Waiver
from tableguard.errors import PolicyError

TEXT = '[[group]]\nservice = "sqs"\nreason = "it makes a queue"\nnames = ["CreateQueue", "Send*"]\n'


def load(folder: Path, text: str) -> tuple[Waiver, ...]:
    file = folder / "waived.toml"
    file.write_text(text, encoding="utf-8")
    return waivers.load(file)


def test_a_group_is_a_service_a_reason_and_names(tmp_path: Path) -> None:
    assert load(tmp_path, TEXT) == (Waiver("sqs", "it makes a queue", ("CreateQueue", "Send*")),)


@pytest.mark.parametrize(
    ("text", "instead", "reason"),
    [
        ('"sqs"', '"sqs.amazonaws.com"', "group 1: service: 'sqs.amazonaws.com' is not accepted"),
        ('"it makes a queue"', '""', "group 1: reason: '' is not accepted"),
        ('"Send*"', '"*"', "group 1: names:"),
        ('"Send*"', '"CreateQueue"', "group 1: names:"),
        ("names", "calls", "group 1: names: missing"),
        ("[[group]]", "until = 2027\n[[group]]", "until: unknown key"),
        ("reason", 'until = "x"\nreason', "group 1: until: unknown key"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, instead: str, reason: str) -> None:
    assert text in TEXT
    with pytest.raises(PolicyError) as error:
        load(tmp_path, TEXT.replace(text, instead, 1))
    assert str(error.value).startswith("waived.toml: ")
    assert reason in str(error.value)
