"""Channels, topics and what they carry."""

from schemas.commands import COMMAND_MODELS
from schemas.events import EVENT_MODELS
from schemas.topics import CHANNEL_OF_COMMAND, CHANNEL_OF_EVENT, DEFAULT_TOPICS, Channel


def test_default_topics() -> None:
    assert DEFAULT_TOPICS == {
        "TOPUPS": "loyalty.topups",
        "VISITS": "loyalty.visits",
        "PAYMENTS": "loyalty.payments",
        "CLIENTS": "loyalty.clients",
        "BONUS_COMMANDS": "loyalty.bonus-commands",
        "GROUP_COMMANDS": "loyalty.group-commands",
        "PUSH_COMMANDS": "loyalty.push-commands",
        "BONUS_JOURNAL": "loyalty.bonus-journal",
        "DEAD_LETTERS": "loyalty.dead-letters",
        "LANE_LOG": "loyalty.lane-log",
        "BUDGETS": "loyalty.budgets",
        "RULES": "loyalty.rules",
        "RULES_HISTORY": "loyalty.rules-history",
        "RULES_STATUS": "loyalty.rules-status",
    }


def test_every_event_and_every_command_has_its_channel() -> None:
    assert set(CHANNEL_OF_EVENT) == set(EVENT_MODELS)
    assert set(CHANNEL_OF_COMMAND) == set(COMMAND_MODELS)
    assert CHANNEL_OF_EVENT["PROMO_CODE_REDEEMED"] is Channel.PAYMENTS
    assert CHANNEL_OF_EVENT["TOPUP_REFUNDED"] is Channel.TOPUPS
    assert CHANNEL_OF_COMMAND["REVOKE_BONUS"] is Channel.BONUS_COMMANDS
