"""A world and a promise from a seed.

Half of the worlds have a cover: statements that together match nearly everything, each under a condition of its own.
The promise is then true, or false by a sliver: a number, a character, a kind of caller.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tests.attack.cases import ACCOUNT, AttackCase, document
from tests.attack.conditions import Conditions
from tests.attack.requests import Attacker, judged
from tests.attack.words import ACTION_PATTERNS, ACTIONS, KEYS, RESOURCES_WITH_VARIABLES, ContextKey, Dice

Element = dict[str, Any]
PROBES = 8


@dataclass(frozen=True)
class Profile:
    """What the worlds are about: the keys of conditions, and how likely layers, levels and covers are."""

    keys: tuple[ContextKey, ...] = KEYS
    cover: float = 0.5
    rcp: float = 0.35
    layers: float = 0.25
    levels: tuple[int, ...] = (1, 1, 2, 3)
    denials: tuple[int, ...] = (0, 1, 2)  # at each level, besides those of a cover
    allow_lists: float = 0.15
    wide: float = 0.05  # how likely statements are many, with many patterns each
    groups: tuple[str, ...] = ("members", "members", "account", "anyone", "anyone", "named")
    resources: float = 0.5
    odd: float = 0.4  # how likely a name has a character that names seldom have
    actions: tuple[str, ...] = ACTION_PATTERNS
    covered: tuple[str, ...] = ACTIONS
    places: tuple[str, ...] = ()  # of covers; any layer unless one is named
    variables: float = 0.08  # how likely a text is compared with a variable
    sessions: float = 0.0  # how likely a resource's policy names a session of a role
    narrower: float = 0.3  # how likely a promise about a cover has a condition of its own


def _of(*kinds: str) -> tuple[ContextKey, ...]:
    return tuple(key for key in KEYS if key.kind in kinds or key.name in kinds)


# SCPs at one level that cover nearly every value of a key, and little else
_PLAIN = Profile(
    cover=0.95,
    resources=0.1,
    rcp=0.05,
    layers=0.0,
    levels=(1,),
    denials=(0, 0, 1),
    places=("service_control",),
    groups=("members", "account"),
)

PROFILES: Mapping[str, Profile] = {
    "mixed": Profile(),
    "callers": replace(_PLAIN, keys=_of("caller", "aws:PrincipalType", "aws:PrincipalAccount")),
    "characters": replace(_PLAIN, keys=_of("caller"), odd=1.0),
    "numbers": replace(_PLAIN, keys=_of("number")),
    "dates": replace(_PLAIN, keys=_of("date", "time")),
    "texts": replace(_PLAIN, keys=_of("text")),
    "lists": replace(_PLAIN, keys=_of("list"), narrower=0.8),
    "variables": Profile(_of("aws:RequestTag/team", "aws:ResourceTag/team"), cover=0.1, rcp=0.1, variables=0.6),
    "ties": Profile(
        _of("text", "caller", "aws:ResourceAccount", "aws:ResourceOrgID"), cover=0.2, rcp=0.1, layers=0.1, variables=0.5
    ),
    "actions": Profile(_of("bool"), cover=0.0, rcp=0.0, resources=0.0, layers=0.2, levels=(1,), allow_lists=0.5),
    "resources": Profile(_of("aws:ResourceAccount", "aws:ResourceOrgID", "bool"), rcp=0.9, resources=0.8, cover=0.3),
    "rcps": Profile(
        (ContextKey("aws:ResourceAccount", "word", (ACCOUNT,)),),
        places=("resource_control",),
        narrower=0.9,
        rcp=1.0,
        cover=0.8,
        layers=0.0,
        actions=("*", "kms:*", "k*:*", "dynamodb:*"),
        covered=("kms:*", "*", "k?s:*", "*:*e*"),
    ),
    "levels": Profile(_of("bool", "word"), levels=(2, 3), allow_lists=0.8, cover=0.2),
    "layers": Profile(layers=0.8, cover=0.3, groups=("anyone", "anyone", "members", "named")),
    "principals": Profile(
        _of("bool"), cover=0.0, rcp=0.0, resources=0.0, layers=0.6, sessions=0.8, levels=(1,), actions=("*", "s3:*")
    ),
    "organizations": replace(
        _PLAIN,
        keys=_of("aws:PrincipalOrgID", "aws:PrincipalServiceName"),
        groups=("anyone",),
        places=("resource",),
    ),
    "wide": Profile(_of("caller", "text", "list", "number"), wide=1.0, cover=0.3, layers=0.1),
}


def attack_case(seed: str, profile: str = "mixed") -> AttackCase:
    """Return the case of a seed: always the same one."""
    random = Random(f"{profile} {seed}")  # noqa: S311  # the same worlds again are what is wanted
    return _likely(_Maker(random, PROFILES[profile]).case(f"{profile} {seed}"), random)


def _likely(case: AttackCase, random: Random) -> AttackCase:
    """Return the case with the promise that a few requests suggest: more of these are proved, and can be attacked."""
    attacker = Attacker(case, random)
    if not attacker.can_ask:
        return case
    answers = {judged(case, attacker.random_request()) for _ in range(PROBES)} - {"outside"}
    turned = "contradicts" in answers and ("holds" not in answers or random.random() < 0.3)
    return replace(case, wanted="allowed" if case.wanted == "denied" else "denied") if turned else case


@dataclass
class _Maker:
    random: Random
    profile: Profile
    dice: Dice = field(init=False)
    conditions: Conditions = field(init=False)

    def __post_init__(self) -> None:
        self.dice = Dice(self.random, self.profile.odd)
        keys = self.dice.some(sorted(set(self.profile.keys), key=lambda key: key.name), 4)
        self.conditions = Conditions(self.dice, keys, self.profile.variables)

    def case(self, seed: str) -> AttackCase:
        layers = self._layers()
        covered = self._cover(layers) if self.dice.chance(self.profile.cover) else None
        return AttackCase(
            seed,
            layers,
            self._promise(layers, covered),
            self._callers(),
            "denied",
            must_allow=self.dice.chance(0.1),
            narrow=self.dice.chance(0.4),
        )

    # ------------------------------------------------------------ documents

    def _layers(self) -> dict[str, Any]:
        chance = self.profile.layers
        layers: dict[str, Any] = {
            "service_control": [self._level() for _ in range(self.dice.one(self.profile.levels))],
            "identity": [document(*self._own(chance))],
        }
        if self.dice.chance(self.profile.rcp):
            layers["resource_control"] = [
                [document(*(self._statement("Deny", "*") for _ in range(self.random.randint(1, 2))))]
                for _ in range(self.dice.one((1, 1, 2)))
            ]
        if self.dice.chance(0.8) or "resource" in self.profile.places:
            layers["resource"] = document(*self._of_resource(chance))
        for name in ("boundary", "endpoint", "session"):
            if self.dice.chance(chance):
                one = document(*self._ceiling("*" if name == "endpoint" else None))
                layers[name] = [one] if name == "session" else one
        return layers

    def _level(self) -> list[Any]:
        allowing = [_everything()]
        if self.dice.chance(self.profile.allow_lists):
            allowing = [self._statement("Allow") for _ in range(self.random.randint(1, 2))]
        count = (
            self.random.randint(5, 14) if self.dice.chance(self.profile.wide) else self.dice.one(self.profile.denials)
        )
        denying = [self._statement("Deny") for _ in range(count)]
        return [document(*allowing), *([document(*denying)] if denying else [])]

    def _own(self, chance: float) -> list[Element]:
        if not self.dice.chance(chance):
            return [_everything()]
        return [self._statement("Allow") for _ in range(2)] + [self._statement("Deny")]

    def _of_resource(self, chance: float) -> list[Element]:
        if not self.dice.chance(chance):
            return [_everything("*")]
        named = [
            self._statement(self.dice.one(("Allow", "Allow", "Deny")), self._principal())
            for _ in range(self.random.randint(1, 3))
        ]
        return [_everything("*"), *named] if self.dice.chance(0.4) else named

    def _principal(self) -> Any:
        return self.dice.session() if self.dice.chance(self.profile.sessions) else self.dice.principal()

    def _ceiling(self, principal: str | None) -> list[Element]:
        first = _everything(principal) if self.dice.chance(0.6) else self._statement("Allow", principal)
        return [first, self._statement(self.dice.one(("Allow", "Deny")), principal)]

    def _statement(self, effect: str, principal: Any = None) -> Element:
        return {
            "Effect": effect,
            **({} if principal is None else {"Principal": principal}),
            **self._actions(),
            **self._resources(),
            **_block(self.conditions.block(self.random.choice((0, 1, 1, 2)))),
        }

    def _actions(self) -> Element:
        name = "NotAction" if self.dice.chance(0.15) else "Action"
        return {name: self.dice.some(self.profile.actions)}

    def _resources(self) -> Element:
        if not self.dice.chance(self.profile.resources):
            return {"Resource": "*"}
        name = "NotResource" if self.dice.chance(0.25) else "Resource"
        most = 8 if self.dice.chance(self.profile.wide) else 2
        patterns = [self.dice.resource_pattern() for _ in range(self.random.randint(1, most))]
        if self.dice.chance(self.profile.variables):
            patterns[0] = self.dice.one(RESOURCES_WITH_VARIABLES)
        return {name: patterns}

    # ------------------------------------------------------------ a cover, and the promise

    def _cover(self, layers: dict[str, Any]) -> Element:
        """Put denials into layers that apply to one action and nearly every value of a key; return what they share."""
        shared = {"Action": self.dice.one(self.profile.covered)}
        for block in self.conditions.cover():
            place = self.dice.one(self.profile.places or [name for name in layers if name != "session"])
            whom = {"Principal": "*"} if place in ("resource", "resource_control", "endpoint") else {}
            statement = {"Effect": "Deny", **whom, **shared, "Resource": "*", **_block(block)}
            _documents_of(layers, place)[-1]["Statement"].append(statement)
        return shared

    def _promise(self, layers: Mapping[str, Any], covered: Element | None) -> Element:
        if covered is not None:
            narrower = (
                self.conditions.block(self.dice.one((1, 1, 2))) if self.dice.chance(self.profile.narrower) else {}
            )
            return {**covered, **_block(narrower)}
        statement = self._statement("Deny")
        statements = [one for name in layers for written in _documents_of(layers, name) for one in written["Statement"]]
        like = self.dice.one(statements)
        if self.dice.chance(0.6):
            statement = {key: like.get(key, statement.get(key)) for key in (*statement, "Condition")}
        chosen = {
            key: value for key, value in statement.items() if key not in ("Effect", "Principal") and value is not None
        }
        if "Resource" in chosen and self.dice.chance(0.1):
            chosen["NotResource"] = [self.dice.resource_pattern()]
        return self._present(chosen)

    def _present(self, statement: Element) -> Element:
        """Return a promise; one that compares a key with a variable demands by chance that the key is there."""
        block = statement.get("Condition", {})
        keys = [key for lines in block.values() for key, values in lines.items() if "${aws:" in str(values)]
        if not keys or self.dice.chance(0.5):
            return statement
        return {**statement, "Condition": {**block, "Null": {self.dice.one(keys): "false"}}}

    def _callers(self) -> Any:
        group = self.dice.one(self.profile.groups)
        if group != "named":
            return group
        names = (f"role/{self.dice.one(self.dice.names).strip('/') or 'app'}", "user/mina", "root")
        named = [f"arn:aws:iam::{ACCOUNT}:{name}" for name in names]
        return tuple(self.dice.some((*named, "*", "backup.amazonaws.com"), 3))


def _everything(principal: Any = None) -> Element:
    whom = {} if principal is None else {"Principal": principal}
    return {"Effect": "Allow", **whom, "Action": "*", "Resource": "*"}


def _block(block: Mapping[str, Any]) -> Element:
    return {"Condition": block} if block else {}


def _documents_of(layers: Mapping[str, Any], name: str) -> list[Any]:
    """Return the documents of a layer, at all of its levels."""
    value = layers[name]
    if isinstance(value, Mapping):
        return [value]
    return [one for item in value for one in (item if isinstance(item, list) else [item])]
