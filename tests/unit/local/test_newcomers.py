"""The roles of an estate that began empty have profiles once their stacks are there."""

from tableguard import settings as settings_files
from tableguard.local import demo, estate
from tableguard.local.estate import EmbeddedEstate, Newcomers
from tableguard.stacks.deployment.deploy import deploy
from tableguard.stacks.registry import enabled_stacks


def test_roles_are_profiles_once_their_stacks_are_there() -> None:
    settings = settings_files.example("complete")
    with estate.running(settings, 0, lambda step: None, empty=True) as running:
        newcomers = Newcomers(running.zone)
        _deploy(running, "bootstrap", "login", "access", "audit")
        assert newcomers.look() == {}  # nobody is in a VPC that is not there
        _deploy(running, "network")
        assert set(newcomers.look()) == set(settings.taken_roles)
        assert newcomers.look() == {}
        assert demo.message_key(running) is None
        _deploy(running, "table")
        assert set(newcomers.look()) == set(settings.taken_roles)  # with the key of the messages
        assert demo.message_key(running)


def _deploy(running: EmbeddedEstate, *names: str) -> None:
    stacks = tuple(stack for stack in enabled_stacks(running.settings) if stack.name in names)
    list(deploy(running.settings, running.session, estate.POLLING, estate.APPROVING, stacks))
