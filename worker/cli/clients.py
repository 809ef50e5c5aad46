"""`loyalty clients`: clients moved in, looked at, erased; what one may pay with bonuses."""

import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from rules_engine.wording import counted
from worker.cli.clients_forget import forget
from worker.cli.clients_import import import_clients
from worker.cli.clients_show import show
from worker.cli.failure import CommandFailed
from worker.cli.output import Format, FormatOption, print_json
from worker.cli.replay import one_rule_set, replayed

if TYPE_CHECKING:
    from rules_engine.client import ClientState
    from rules_engine.compile import CompiledRuleSet

app = typer.Typer(no_args_is_help=True, help="Move clients in; look at one, or erase it.")
app.command("import")(import_clients)
app.command("show")(show)
app.command("forget")(forget)


@app.command("may-pay")
def may_pay(
    rules: Annotated[str, typer.Option(metavar="PATH", help="The rule set's file.")],
    events: Annotated[
        str, typer.Option(metavar="FILE", help="One JSON event a line, in order; - is input.")
    ],
    client: Annotated[str, typer.Option(metavar="ID", help="The clientId.")],
    product: Annotated[str, typer.Option(metavar="ID", help="The productId.")],
    product_type: Annotated[str, typer.Option(metavar="TYPE", help="TARIFF, BAR or MULTIPASS.")],
    total: Annotated[str, typer.Option(metavar="AMOUNT", help="The price of the whole payment.")],
    club: Annotated[
        str, typer.Option(metavar="ID", help="The clubId: it may have own terms.")
    ] = "",
    at: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="When; without it: at the last event.")
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """What a client may pay with bonuses for a product and a total, after the events of a file."""
    from rules_engine.account.packed import unpack_account
    from rules_engine.books.paying import Product
    from rules_engine.books.paying import may_pay as answer
    from rules_engine.compile import compile_rule_set

    rule_set = one_rule_set(rules)
    price, instant = _price(total, rule_set.minor_digits), _instant(at)
    compiled = compile_rule_set(rule_set)
    state, clock, letters = _after_events(compiled, events, client)
    account, bought = unpack_account(state.account), Product(product_type, product)
    when = clock if instant is None else instant
    amount = answer(compiled.books, account, bought, price, club, when)
    _print(amount, compiled.books.text(account.balance), form)
    if letters:
        told = f"{events}: {counted(letters, 'line')} could not be taken and would be"
        print(f"{told} dead letters: loyalty simulate --dead-letters - shows why.", file=sys.stderr)


def _price(total: str, minor_digits: int) -> Decimal:
    from schemas.errors import NotAllowed, Unreadable
    from schemas.money import parse_money

    try:
        return parse_money(total, minor_digits)
    except (NotAllowed, Unreadable) as error:
        raise typer.BadParameter(f"--total {error}") from None


def _instant(at: str | None) -> int | None:
    from schemas.errors import Unreadable
    from schemas.instants import parse_instant

    try:
        return None if at is None else parse_instant(at)
    except Unreadable as error:
        raise typer.BadParameter(f"--at {error}") from None


def _after_events(
    compiled: "CompiledRuleSet", events: str, client: str
) -> "tuple[ClientState, int, int]":
    """The client's state, the clock, and how many lines are dead letters. Raises CommandFailed for
    a client without an event."""
    state, clock, letters = None, 0, 0
    for each in replayed(compiled, events):
        if each.event is None or each.outcome is None:
            letters += 1
            continue
        letters += each.outcome.rejected is not None
        clock = max(clock, each.event.occurred_at)
        own = each.event.organization_id == compiled.organization_id
        if own and each.event.client_id == client:
            state = each.outcome.client
    if state is None:
        raise CommandFailed(f"{events}: no event of the client {client!r} of this organization")
    return state, clock, letters


def _print(amount: Decimal, balance: str, form: Format) -> None:
    if form is Format.JSON:
        print_json({"mayPayMajor": f"{amount:f}", "balanceMajor": balance})
    else:
        print(f"{amount:f}")
