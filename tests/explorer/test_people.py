"""People who begin conversations, join, leave and list, beside the function: every order of all their calls.

TABLEGUARD_EXPLORER=deep explores larger scenes as well.
"""

import os

import pytest

from tableguard.store import members
from tests.explorer.people.cases import DEEPER, SCENES
from tests.explorer.people.faults import FAULTS, with_changes
from tests.explorer.people.judge import PeoplesJudge
from tests.explorer.people.scene import Scene
from tests.explorer.people.world import PeoplesWorld
from tests.explorer.search import Exploration, Walk

DEEP = os.environ.get("TABLEGUARD_EXPLORER") == "deep"
LIMIT = 2_000_000

TWO_ROWS, INVISIBLE, TWICE = (
    "a conversation has two rows",
    "a further row is invisible",
    "a conversation is listed twice",
)
UNLISTED, OLDER = "a conversation that does not move is not listed", "an older message is shown for ever"
BACK = "a row goes back to an older message"

# In which scene each fault is seen, and as what.
SEEN_IN = {
    "the flag is written after the row": ("all rows are further ones, and who makes them may stop anywhere", INVISIBLE),
    "the place is not stored with the members of a new conversation": (
        "two begin a conversation with somebody who has room for one",
        TWO_ROWS,
    ),
    "the place is not stored with a new member": ("one removes somebody, another adds them", TWO_ROWS),
    "the place is decided anew when somebody comes back": (
        "a first row's owner comes back while a batch is under way",
        BACK,
    ),
    "a row that comes while the place is decided is overlooked": (
        "one adds somebody and removes them, another adds them",
        TWO_ROWS,
    ),
    "a row that comes back while its owner does is left as it is": (
        "a further row's owner comes back while a batch is under way",
        OLDER,
    ),
    "a conversation that is there is begun again": (
        "two begin the same conversation, and a third counts otherwise",
        BACK,
    ),
    "a row moves in the table and not in the index": (
        "somebody is added while messages come",
        "the index has a row at another time, or one that is a first row",
    ),
    "a page goes on after the index's page": ("pages are read while messages move rows", UNLISTED),
    "a page goes on after its first conversation": ("pages are read while messages move rows", TWICE),
    "a page begins with the rows of the table again": ("pages are read while further rows are made", TWICE),
    "a page goes on in the index only": ("pages are read while messages move rows", UNLISTED),
    "rows of the table are shown before those of the index are read": (
        "pages of one are read while messages move rows",
        TWICE,
    ),
    "members are written whatever they are by now": (
        "somebody is added by two at once, and begins another conversation",
        TWO_ROWS,
    ),
    "the flag is not looked for": ("pages are read while messages move rows", UNLISTED),
}


def explored(scene: Scene, only_first: bool = False) -> Exploration:
    return Walk(PeoplesWorld(scene), PeoplesJudge()).walk(LIMIT, only_first)


@pytest.mark.parametrize("name", [*SCENES, *(DEEPER if DEEP else ())])
def test_each_member_has_one_row_and_every_listing_shows_it(name: str) -> None:
    found = explored((SCENES | DEEPER)[name])
    assert found.faults == {}
    assert found.at_rest


@pytest.mark.parametrize("fault", FAULTS)
def test_it_would_be_found_if(fault: str) -> None:
    name, kind = SEEN_IN[fault]
    with with_changes(*FAULTS[fault]):
        assert kind in explored(SCENES[name], only_first=True).faults


def test_the_product_is_itself_again_after_a_fault() -> None:
    before = dict(vars(members))
    with with_changes(*FAULTS["the place is decided anew when somebody comes back"]):
        assert members._place is not before["_place"]
    assert vars(members) == before
