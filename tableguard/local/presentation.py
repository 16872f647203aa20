"""Write an embedded estate and its demonstration for `tableguard up`: text, and the same facts as JSON."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tableguard.findings import formats
from tableguard.findings.counts import counted
from tableguard.local.client_configuration import KEPT, OF_THE_STORE, ClientConfiguration
from tableguard.local.demo import MEMBERS, Demonstration, MemberView, message_key
from tableguard.local.estate import EmbeddedEstate, Step, summary
from tableguard.store.senders import attributions, column

_DEPLOYING = "--profile administrator --deployer-profile deployer --management-profile management"
_OTHER_ENGINE = (
    "For work on an application: `tableguard up --dynamodb local` keeps the table in AWS's own DynamoDB Local."
)
_WATCHED = "Calls are recorded by the trail. What alarms and event rules tell their topic appears here, as `alert: …`."
_TEXT_WIDTH = 72  # characters of a message on one line


def step(done: Step) -> str:
    """Write one line of progress."""
    return f"{done.seconds:6.2f} s  {done.what:<17} {done.detail}"


def estate_text(estate: EmbeddedEstate, clients: ClientConfiguration, settings_file: Path | None, *, hint: bool) -> str:
    """Write where the estate answers, how to reach it, and commands to try: what is to do next stands last.

    The commands have --settings where a file was chosen; the hint is about the other engine.
    """
    settings = f" --settings {shlex.quote(str(settings_file.absolute()))}" if settings_file else ""
    if not estate.deployments:
        return "\n".join(_empty_text(estate, clients, settings))
    lines = [
        "",
        *_not_modelled(estate),
        *(["", _OTHER_ENGINE] if hint else []),
        "",
        _WATCHED,
        "",
        f"Profiles: {', '.join(clients.profiles)}. Each is a role of the estate with its own keys.",
        "",
        f"The estate answers at {estate.endpoint} until you press Ctrl-C; all its data goes then. In another terminal:",
        "",
        f"  . {shlex.quote(str(clients.environment_file))}",
        f"  tableguard messages seed{settings}",
        f"  tableguard messages list-conversations {MEMBERS[0].user_uuid}{settings}",
        f"  tableguard messages list-conversations {MEMBERS[0].user_uuid}{settings} --profile auditor  # is refused",
        f"  tableguard deploy{settings} {_deploying(estate)} --dry-run",
    ]
    return "\n".join(lines)


def _deploying(estate: EmbeddedEstate) -> str:
    return f"{_DEPLOYING} --archive-profile archive" if "archive" in estate.roles else _DEPLOYING


def _empty_text(estate: EmbeddedEstate, clients: ClientConfiguration, settings: str) -> list[str]:
    bootstrap = "bootstrap" in estate.settings.optional_stacks
    first = f"bootstrap{settings} --profile administrator --management-profile management"
    return [
        "",
        "Nothing is deployed: there are accounts, an organization, and who may act in them. "
        "Roles that stacks make become profiles once these are deployed.",
        "",
        f"Profiles: {', '.join(clients.profiles)}. Deployer and break-glass are people who take these roles.",
        "",
        f"They answer at {estate.endpoint} until you press Ctrl-C; all their data goes then. In another terminal:",
        "",
        f"  . {shlex.quote(str(clients.environment_file))}",
        f"  tableguard {first}{'' if bootstrap else '  # once stacks.optional has bootstrap'}",
        f"  tableguard deploy{settings} {_deploying(estate)}",
    ]


def estate_json(estate: EmbeddedEstate, clients: ClientConfiguration, settings_file: Path | None) -> str:
    """Write the same facts as JSON."""
    facts = {
        "environment": {
            "file": str(clients.environment_file),
            "exported": dict(clients.variables),
            "unset": ["AWS_*", *OF_THE_STORE],
            "kept": [f"{beginning}*" for beginning in KEPT],
        },
        "profiles": {"file": str(clients.config_file), "names": list(clients.profiles)},
        "settings_file": str(settings_file.absolute()) if settings_file else None,
    }
    return formats.as_json(_facts(estate) | facts)


def demo_text(estate: EmbeddedEstate, demonstration: Demonstration) -> str:
    """Write what each member sees, and how that was verified."""
    lines = [""]
    for view in demonstration.seen:
        lines += [f"{view.member.display_name}'s conversations, newest first:", *_rows(view), ""]
    rows = sum(len(view.conversations) for view in demonstration.seen)
    lines += [
        *_not_modelled(estate),
        "",
        f"{counted(demonstration.messages, 'message')} sent in {demonstration.seconds_to_send:.2f} s. "
        "Verified against the messages themselves:",
        f"each of the {rows} rows shows the newest message of its conversation, "
        f"{demonstration.seconds_to_follow:.2f} s after the last was sent.",
        "",
        "An administrator of the account, asked to delete the table, is told by the embedded AWS:",
        f"  {demonstration.refusal}",
    ]
    return "\n".join(lines)


def demo_json(estate: EmbeddedEstate, demonstration: Demonstration) -> str:
    """Write the same facts as JSON."""
    lists = {
        view.member.handle: [
            {
                "with": names.partner,
                "by": names.author,
                "last_message": row.last_message,
                "last_message_at": row.last_message_at,
            }
            for row, names in zip(view.conversations, attributions(view.conversations), strict=True)
        ]
        for view in demonstration.seen
    }
    facts = {
        "messages": demonstration.messages,
        "conversations": lists,
        "seconds_to_send": round(demonstration.seconds_to_send, 3),
        "seconds_to_follow": round(demonstration.seconds_to_follow, 3),
        "refusal": demonstration.refusal,
    }
    return formats.as_json(_facts(estate) | {"demonstration": facts})


def _rows(view: MemberView) -> Iterator[str]:
    names = attributions(view.conversations)
    partners = column([f"with {name.partner}" for name in names])
    for row, name, partner in zip(view.conversations, names, partners, strict=True):
        text = str(row.last_message)
        cut = text if len(text) <= _TEXT_WIDTH else text[: _TEXT_WIDTH - 1] + "…"
        yield f"  {row.last_message_at[11:19]}  {partner} — {name.author}: {cut}"


def _not_modelled(estate: EmbeddedEstate) -> list[str]:
    """Write the properties that the embedded AWS does not model: they are asserted on the templates only."""
    by_type: dict[str, list[str]] = {}
    for place in estate.read_back.not_modelled:
        resource_type, _, path = place.partition(" ")
        by_type.setdefault(resource_type, []).append(path)
    lines = ["Not modelled by the embedded AWS, asserted on the templates only (reasons: --json):"]
    return lines + [f"  {resource_type}: {', '.join(paths)}" for resource_type, paths in sorted(by_type.items())]


def _facts(estate: EmbeddedEstate) -> dict[str, Any]:
    resources = estate.read_back.resources
    return {
        "endpoint": estate.endpoint,
        "region": estate.settings.home_region,
        "message_key": message_key(estate),
        "stacks": [
            {
                "stack": deployment.stack,
                "name": deployment.stack_name,
                "outcome": deployment.outcome,
                "resources": len(deployment.changes),
                "seconds": round(deployment.seconds, 3),
            }
            for deployment in estate.deployments
        ],
        "read_back": {
            "summary": summary(estate.read_back),
            "resources": len(resources),
            "as_declared": sum(resource.verified for resource in resources),
            "properties_compared": estate.read_back.compared,
            "differences": [],
            "not_modelled": estate.read_back.not_modelled,
        },
    }
