"""Channels: what a topic is for, whatever an operator calls it, and which events it carries."""

from enum import StrEnum
from types import MappingProxyType


class Channel(StrEnum):
    """Each names the setting `TOPIC_…` that gives its topic."""

    TOPUPS = "TOPUPS"
    VISITS = "VISITS"
    PAYMENTS = "PAYMENTS"
    CLIENTS = "CLIENTS"
    BONUS_COMMANDS = "BONUS_COMMANDS"
    GROUP_COMMANDS = "GROUP_COMMANDS"
    PUSH_COMMANDS = "PUSH_COMMANDS"
    BONUS_JOURNAL = "BONUS_JOURNAL"
    DEAD_LETTERS = "DEAD_LETTERS"
    LANE_LOG = "LANE_LOG"
    BUDGETS = "BUDGETS"
    RULES = "RULES"
    RULES_HISTORY = "RULES_HISTORY"
    RULES_STATUS = "RULES_STATUS"

    @property
    def default_topic(self) -> str:
        """`loyalty.bonus-commands` for BONUS_COMMANDS."""
        return "loyalty." + self.value.lower().replace("_", "-")


DEFAULT_TOPICS = MappingProxyType({channel: channel.default_topic for channel in Channel})

EVENT_TYPES = MappingProxyType(
    {
        Channel.TOPUPS: ("BALANCE_TOPPED_UP", "TOPUP_REFUNDED"),
        Channel.VISITS: ("VISIT_STARTED", "VISIT_ENDED"),
        Channel.PAYMENTS: (
            "PAYMENT_MADE",
            "PAYMENT_REFUNDED",
            "BONUS_CREDITED",
            "BONUS_WRITTEN_OFF",
            "PROMO_CODE_REDEEMED",
        ),
        Channel.CLIENTS: (
            "CLIENT_REGISTERED",
            "CLIENT_UPDATED",
            "CLIENT_IMPORTED",
            "CLIENT_FORGOTTEN",
        ),
    }
)
"""The event types that each input channel carries."""

EVENTS = (Channel.TOPUPS, Channel.VISITS, Channel.PAYMENTS, Channel.CLIENTS)
INPUTS = (Channel.BUDGETS, *EVENTS)
"""What a lane takes, in topic order: ties of timestamps go to the earlier one. What lanes say to
each other comes first. A running group never changes the order."""
OUTPUTS = (
    Channel.BONUS_COMMANDS,
    Channel.GROUP_COMMANDS,
    Channel.PUSH_COMMANDS,
    Channel.BONUS_JOURNAL,
    Channel.DEAD_LETTERS,
)
"""What a lane publishes to its own partition number."""

CHANNEL_OF_EVENT = MappingProxyType(
    {name: channel for channel, names in EVENT_TYPES.items() for name in names}
)

CHANNEL_OF_COMMAND = MappingProxyType(
    {
        "ADD_BONUS": Channel.BONUS_COMMANDS,
        "REVOKE_BONUS": Channel.BONUS_COMMANDS,
        "ASSIGN_GROUP": Channel.GROUP_COMMANDS,
        "UNASSIGN_GROUP": Channel.GROUP_COMMANDS,
        "SEND_PUSH": Channel.PUSH_COMMANDS,
    }
)
