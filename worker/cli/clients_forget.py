"""`loyalty clients forget`: erase what is known of one client."""

import os
import time
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.ids import require_id
from worker.cli.output import Format, FormatOption, confirm, print_json, say
from worker.cli.waiting import wait

if TYPE_CHECKING:
    from config.settings import Settings


def forget(
    organization: Annotated[str, typer.Argument(metavar="ORG", help="The organizationId.")],
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="The clientId.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Erase a client: publishes CLIENT_FORGOTTEN, which the client's lane carries out.

    Counters, groups, limits, account, remembered payments and timers go; what is left of the
    account is journaled as BONUS_ADJUSTMENT. Digests of the latest event ids stay, so that an event
    that comes twice pays nothing. What Kafka's topics hold goes with their retention.
    """
    from config.load import load_settings

    require_id("ORG", organization)
    require_id("CLIENT", client)
    settings = load_settings(os.environ, needs=["kafka"])
    if not yes:
        _confirm(organization, client)
    event_id = wait(_publish(settings, organization, client))
    if form is Format.JSON:
        print_json({"organizationId": organization, "clientId": client, "eventId": event_id})
        return
    print(event_id)
    say(f"Published. `loyalty clients show {organization} {client}` tells when it is done.")


def _confirm(organization: str, client: str) -> None:
    question = f"Erase everything that is known of {client} of {organization}, for good?"
    confirm(question)


async def _publish(settings: "Settings", organization: str, client: str) -> str:
    from schemas.topics import Channel
    from worker.clients.forgetting import erasure
    from worker.kafka.security import client_options
    from worker.kafka.topics import partition_count
    from worker.kafka.writer import TopicWriter

    topic = settings.topic(Channel.CLIENTS)
    await partition_count(settings, topic)
    event_id, key, value = erasure(organization, client, time.time_ns() // 1000)
    writer = TopicWriter(client_options(settings), topic)
    try:
        await writer.write(key, value)
    finally:
        await writer.close()
    return event_id
