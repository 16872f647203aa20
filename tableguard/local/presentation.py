"""What `tableguard up` prints of an estate and of its demonstration: text, and the same facts as JSON."""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tableguard.findings import formats
from tableguard.local.demo import MEMBERS, Demonstration, MemberView, message_key
from tableguard.local.estate import EmbeddedEstate, Step, summary
from tableguard.store.senders import attributions, column

_SHOWN = 72  # characters of a message on one line


def step(done: Step) -> str:
    """One line of progress."""
    return f"{done.seconds:6.2f} s  {done.what:<17} {done.detail}"


def estate_text(estate: EmbeddedEstate, settings_file: Path | None) -> str:
    """Where the estate answers, who may ask, and what to try next, with the settings file that was named, if any."""
    named = f" --settings {shlex.quote(str(settings_file.absolute()))}" if settings_file else ""
    lines = [
        "",
        *_not_modelled(estate),
        "",
        f"The estate answers at {estate.endpoint} until you press Ctrl-C. From another terminal:",
        "",
        f"  export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH",
        f"  export AWS_CONFIG_FILE={estate.profiles.path} AWS_PROFILE=application",
        *([f"  export TABLEGUARD_MESSAGE_KEY={key}"] if (key := message_key(estate)) else []),
        f"  tableguard messages seed{named}",
        f"  tableguard messages list-conversations {MEMBERS[0].user_uuid}{named}",
        f"  tableguard messages list-conversations {MEMBERS[0].user_uuid}{named} --profile auditor  # is refused",
        "",
        f"Profiles there: {', '.join(estate.profiles.names)}. Each is a role of the estate with its own keys.",
    ]
    return "\n".join(lines)


def estate_json(estate: EmbeddedEstate, settings_file: Path | None) -> str:
    """The same facts for a program."""
    named = str(settings_file.absolute()) if settings_file else None
    return formats.as_json(_facts(estate) | {"settings_file": named})


def demo_text(estate: EmbeddedEstate, shown: Demonstration) -> str:
    """What each member sees, and how it is known to be right."""
    lines = [""]
    for seen in shown.seen:
        lines += [f"{seen.member.display_name}'s conversations, newest first:", *_rows(seen), ""]
    rows = sum(len(seen.conversations) for seen in shown.seen)
    lines += [
        *_not_modelled(estate),
        "",
        f"{shown.messages} messages sent in {shown.seconds_to_send:.2f} s. Verified against the messages themselves:",
        f"each of the {rows} rows shows the newest message of its conversation, "
        f"{shown.seconds_to_follow:.2f} s after the last was sent.",
        "",
        "An administrator of the account, asked to delete the table, is told by the embedded AWS:",
        f"  {shown.refusal}",
    ]
    return "\n".join(lines)


def demo_json(estate: EmbeddedEstate, shown: Demonstration) -> str:
    """The same facts for a program."""
    lists = {
        seen.member.handle: [
            {
                "with": said.partner,
                "by": said.author,
                "last_message": row.last_message,
                "last_message_at": row.last_message_at,
            }
            for row, said in zip(seen.conversations, attributions(seen.conversations), strict=True)
        ]
        for seen in shown.seen
    }
    demonstration = {
        "messages": shown.messages,
        "conversations": lists,
        "seconds_to_send": round(shown.seconds_to_send, 3),
        "seconds_to_follow": round(shown.seconds_to_follow, 3),
        "refusal": shown.refusal,
    }
    return formats.as_json(_facts(estate) | {"demonstration": demonstration})


def _rows(seen: MemberView) -> Iterator[str]:
    said = attributions(seen.conversations)
    partners = column([f"with {each.partner}" for each in said])
    for row, each, partner in zip(seen.conversations, said, partners, strict=True):
        text = str(row.last_message)
        cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
        yield f"  {row.last_message_at[11:19]}  {partner} — {each.author}: {cut}"


def _not_modelled(estate: EmbeddedEstate) -> list[str]:
    """The properties that nothing on this machine can show: they are asserted on the templates only."""
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
        "profiles": {"file": str(estate.profiles.path), "names": list(estate.profiles.names)},
        "stacks": [
            {
                "stack": done.stack,
                "name": done.stack_name,
                "outcome": done.outcome,
                "resources": len(done.changes),
                "seconds": round(done.seconds, 3),
            }
            for done in estate.deployments
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
