"""Erase a person: account, rows and messages. What goes, what stays, and why, is shown before anything is done.

The table is scanned before, and again afterwards until nothing of the person is seen. Interrupted, it goes on with
what is left when it is run again; the account goes last.
"""

import sys
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target
    from tableguard.users.eraser import Erasure
    from tableguard.users.erasure import ErasurePlan
    from tableguard.users.holdings import TableScan
    from tableguard.users.model import UserAccount

_LISTED = 20  # conversations in a text; JSON has all


@click.command(cls=Command, help=__doc__, epilog="Exit codes: 0 nothing is left, 1 something is, 2 error.")
@options.on_table
@options.with_user_pool
@options.writing
@options.user
@click.option("--dry-run", is_flag=True, help="only show what goes and what stays")
@options.survey
@options.as_json
def command(target: "Target", *, user: str, dry_run: bool, settle: float, workers: int, as_json: bool) -> int:
    """Show the plan, ask for the handle, erase, verify, delete the account."""
    from tableguard.cli.confirmation import check_can_ask, confirm_name
    from tableguard.cli.output import print_json
    from tableguard.users import erasure
    from tableguard.users.model import facts

    check_can_ask("users delete", yes=target.yes or dry_run, as_json=as_json)
    pool = target.user_pool_if_any
    account = pool.account(user) if pool else None
    scan = _scan(target)
    holdings = scan.holdings(_person(user, account))
    plan = erasure.plan(holdings, erasure.kept(target.settings))
    answer: dict[str, Any] = {"account": facts(account) if account else None, "plan": _as_json(plan)}
    if not as_json:
        _print_plan(plan, account, target)
        if pool is None:
            print("  an account elsewhere, if there is one: the settings have no [login], and so no user pool")
    if dry_run:
        if as_json:
            print_json({**answer, "read_units": scan.cost.units})
        return 0
    if not target.yes:
        confirm_name(account.user.handle if account else user)
    if pool and account:
        pool.disable(user)
    erased = _eraser(scan, target, settle, workers).erase(holdings)
    verified = not (erased.left.erasable or erased.left.foreign)
    if pool and account and verified:
        pool.delete(user)
    answer |= {
        "verified": verified,
        "left": erased.left.erasable,
        "foreign": len(erased.left.foreign),
        "writes": erased.writes,
        "write_units": erased.write_units,
        "read_units": scan.cost.units,
    }
    if as_json:
        print_json(answer)
    else:
        _print_end(erased, scan, verified=verified, has_account=account is not None)
    return 0 if verified else 1


def _scan(target: "Target") -> "TableScan":
    from tableguard.cli.exit_codes import on_interruption
    from tableguard.cli.progress import shown
    from tableguard.users.holdings import TableScan

    on_interruption(lambda: "interrupted; run it again: it goes on with what is left")
    scan = TableScan(target.client, target.table_name, observe=partial(shown, unit="pages scanned"))
    sys.stderr.write(f"each scan of table {target.table_name} takes about {scan.units_of_a_scan():,.0f} read units\n")
    return scan


def _eraser(scan: "TableScan", target: "Target", settle: float, workers: int) -> Any:
    from tableguard.cli.progress import shown
    from tableguard.users.eraser import Eraser

    return Eraser(scan, target.messages.clock, workers, settle, observe=partial(shown, unit="writes"))


def _person(user: str, account: "UserAccount | None") -> Any:
    from stream_lambda.items import User

    return account.user if account else User(user, "", "")


def _as_json(plan: "ErasurePlan") -> dict[str, Any]:
    conversations = [{**asdict(one), "fate": one.fate.name.lower()} for one in plan.conversations]
    return {**asdict(plan), "conversations": conversations, "partition": dict(plan.partition)}


def _print_plan(plan: "ErasurePlan", account: "UserAccount | None", target: "Target") -> None:
    from tableguard.cli.listing import printable
    from tableguard.findings.counts import counted

    print("goes:")
    if account:
        handle, name = printable(account.user.handle), printable(account.user.display_name)
        print(f"  the account of {handle} ({name}) in {target.user_pool.name}")
    for kind, count in plan.partition:
        print(f"  {counted(count, kind)} of the person")
    if plan.rows_of_others:
        print(f"  the person's name, and what they wrote, in {counted(plan.rows_of_others, 'row')} of others")
    for one in plan.conversations[:_LISTED]:
        lost = f"; with it {counted(one.lost, 'message')} of former members" if one.lost else ""
        print(f"  conversation {one.group_uuid}, {counted(one.own_messages, 'own message')}: {one.fate.value}{lost}")
    if further := plan.conversations[_LISTED:]:
        messages = sum(one.own_messages for one in further)
        print(f"  {counted(len(further), 'further conversation')}, {counted(messages, 'own message')}; --json has all")
    if plan.is_empty:
        print(f"  nothing in table {target.table_name}: none of its {counted(plan.scanned, 'item')} has this uuid")
    print("stays:")
    for remnant in plan.remnants:
        print(f"  {remnant.what}, until: {remnant.until} — {remnant.why}")


def _print_end(erased: "Erasure", scan: "TableScan", *, verified: bool, has_account: bool) -> None:
    from tableguard.findings.counts import counted

    cost = f"{counted(erased.writes, 'write')}, {scan.cost.units:g} read and {erased.write_units:g} write units"
    if verified:
        print(f"erased: a scan of {counted(erased.left.scanned, 'item')} sees nothing of the person; {cost}")
    elif erased.left.erasable:
        print(f"not done: {counted(erased.left.erasable, 'item')} still came or changed; run it again; {cost}")
    else:
        foreign = counted(len(erased.left.foreign), "item")
        closed = "; the account stays disabled" if has_account else ""
        print(f"not done: {foreign} of no kind that is known here have the uuid{closed}; {cost}")
