"""What Faust carries: the process, its signals, the supervision of agents; no event, no money."""

import os
import tempfile
from asyncio import AbstractEventLoop
from pathlib import Path
from typing import Any

import faust
from faust.app.base import BootStrategy

from config.settings import Settings
from worker.feed import LaneFeed


class LanesOnly(BootStrategy):  # type: ignore[misc]
    """Faust without its consumer and producer: no event and no money passes through either."""

    enable_kafka_consumer = False
    enable_kafka_producer = False
    enable_web = False


class LoyaltyApp(faust.App):  # type: ignore[misc]
    """The feed starts before the agents' first batch and stops after the lanes drained."""

    BootStrategy = LanesOnly
    feed: LaneFeed

    def on_init_dependencies(self) -> Any:
        return [*super().on_init_dependencies(), self.feed]


def make_app(settings: Settings) -> LoyaltyApp:
    """Faust reads environment variables of its own: none of them is ours."""
    return LoyaltyApp(
        settings.kafka_group_id,
        broker="kafka://" + settings.kafka_bootstrap_servers.replace(",", ";"),
        env_prefix="FAUST_UNUSED_",
        datadir=Path(tempfile.gettempdir()) / f"loyalty-worker-{os.getpid()}",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        autodiscover=False,
    )


def run_app(app: LoyaltyApp, loop: AbstractEventLoop) -> bool:
    """Until SIGTERM or SIGINT. Did it crash?"""
    process = faust.Worker(
        app, override_logging=False, redirect_stdouts=False, quiet=True, loop=loop
    )
    process.spinner = None  # it writes to standard output, a terminal or not
    try:
        process.execute_from_commandline()
    except SystemExit as ended:
        return bool(ended.code)
    return False
