"""Scenes in which rows are made, moved, listed and given up at the same time, with few first rows a person."""

from dataclasses import replace

from stream_lambda.items import Group, User
from tableguard.store.messages import pair_group_uuid
from tests.explorer.people.acts import add, create, in_turn, listing, post, remove
from tests.explorer.people.scene import Scene
from tests.worlds.messages import ADA, BOB, EVE, said

DAN = User("user-dan", "Dan Example", "dan")
ADA_EVE = Group(pair_group_uuid(ADA.user_uuid, EVE.user_uuid), (ADA, EVE))
TWO = Group("two", (ADA, BOB))
WITH_EVE = Group("group", (ADA, EVE))
EVE_FURTHER = replace(WITH_EVE, further=frozenset((EVE.user_uuid,)))
EVES = Group("of eve", (EVE, BOB))


def _group(name: str, *further: str) -> Group:
    return Group(name, (ADA, BOB), frozenset(further))


_FIRST, _FURTHER = (), (ADA.user_uuid,)
# of Ada's conversations two are first ones and three are further ones; two of each kind have the same instant
FIVE = (
    _group("a1", *_FIRST),
    _group("b2", *_FURTHER),
    _group("c1", *_FURTHER),
    _group("d3", *_FURTHER),
    _group("e2", *_FIRST),
)
SHOWN = tuple(
    said(f"in {group.group_uuid}", second, group) for group, second in zip(FIVE, (1, 5, 5, 2, 5), strict=True)
)

LISTED = Scene(
    (listing(9, ADA, 2),),
    FIVE,
    SHOWN,
    sent=(said("moves d3", 8, FIVE[3]), said("moves a1", 7, FIVE[0])),
    still=frozenset(("b2", "c1", "e2")),
    workers=2,
    lag=True,
)
BACK = in_turn(remove(20, "group", ADA, EVE), add(21, 1, "group", ADA, EVE))

SCENES = {
    "two begin a conversation with somebody who has room for one": Scene(
        (create(1, 1, BOB, ADA), create(2, 1, EVE, ADA)), lag=True
    ),
    "two begin the same conversation, and a third counts otherwise": Scene(
        (create(1, 1, ADA, BOB), create(2, 1, BOB, ADA), create(3, 1, EVE, ADA)), workers=2
    ),
    "two begin the same conversation, and what they count lags": Scene(
        (create(1, 1, ADA, BOB), create(2, 1, BOB, ADA)), groups=(ADA_EVE,), shown=(said("x", 0, ADA_EVE),), lag=True
    ),
    "all rows are further ones, and who makes them may stop anywhere": Scene(
        (create(1, 0, ADA, BOB), listing(3, ADA, 1, consistent=True)), deaths=1, lag=True
    ),
    "somebody is added while messages come": Scene(
        (add(2, 0, "two", ADA, EVE), post(3, "two", BOB)),
        (TWO,),
        (said("x", 0, TWO),),
        sent=(said("y", 1, TWO),),
        workers=2,
    ),
    "somebody is added by two at once, and begins another conversation": Scene(
        (add(2, 1, "two", ADA, EVE), add(3, 1, "two", BOB, EVE), create(4, 1, EVE, ADA)), (TWO,), (said("x", 0, TWO),)
    ),
    "a further row's owner comes back while a batch is under way": Scene(
        (BACK,),
        (EVE_FURTHER,),
        (said("x", 0, WITH_EVE),),
        sent=(said("y", 1, WITH_EVE), said("z", 2, WITH_EVE)),
        workers=2,
    ),
    "a first row's owner comes back while a batch is under way": Scene(
        (BACK,),
        (WITH_EVE, EVES),
        (said("x", 0, WITH_EVE), said("of eve", 0, EVES)),
        sent=(said("y", 1, WITH_EVE), said("z", 2, WITH_EVE)),
        workers=2,
    ),
    "one removes somebody, another adds them": Scene(
        (remove(20, "group", ADA, EVE), add(21, 1, "group", ADA, EVE)),
        (EVE_FURTHER,),
        (said("x", 0, WITH_EVE),),
        sent=(said("y", 1, WITH_EVE),),
        crashes=1,
    ),
    "one adds somebody and removes them, another adds them": Scene(
        (in_turn(add(20, 2, "two", ADA, EVE), remove(21, "two", ADA, EVE)), add(22, 0, "two", BOB, EVE)),
        (TWO,),
        (said("x", 0, TWO),),
        sent=(said("y", 1, TWO),),
    ),
    "pages are read while messages move rows": LISTED,
    "pages are read strongly consistently while messages move rows": replace(
        LISTED, acts=(listing(9, ADA, 2, consistent=True),), crashes=1
    ),
    "pages of one are read while messages move rows": replace(LISTED, acts=(listing(9, ADA, 1),), lag=False),
    "pages are read while further rows are made": Scene(
        (listing(9, ADA, 1, consistent=True), create(6, 1, EVE, ADA)),
        (_group("a1"), _group("b2", *_FURTHER)),
        (said("in a1", 1, _group("a1")), said("in b2", 2, _group("b2"))),
        still=frozenset(("a1", "b2")),
        lag=True,
    ),
}
DEEPER = {
    "somebody is added while messages come, and the function crashes": replace(
        SCENES["somebody is added while messages come"], workers=3, crashes=2
    ),
    "somebody comes back, one of three, and the function crashes": Scene(
        (BACK,),
        (Group("group", (ADA, BOB, EVE), frozenset((EVE.user_uuid,))),),
        (said("x", 0, WITH_EVE),),
        sent=(said("y", 1, WITH_EVE), said("z", 2, WITH_EVE)),
        workers=2,
        crashes=1,
    ),
    "three begin a conversation with somebody who has room for one": Scene(
        (create(1, 1, BOB, ADA), create(2, 1, EVE, ADA), create(3, 1, ADA, DAN)), workers=2
    ),
}
