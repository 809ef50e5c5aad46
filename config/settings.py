"""Every setting of the worker, with its bounds and its meaning.

A field `kafka_group_id` is the variable `LOYALTY_KAFKA_GROUP_ID`. `config.load.load_settings`
reads them; `docs/settings.md` is generated from here. Passwords are no variables: they are read
from the files that `*_PASSWORD_FILE` name, and no `repr`, log line or help text shows them.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config import values

PREFIX = "LOYALTY_"
SETTINGS_FILE = "LOYALTY_SETTINGS_FILE"

StartFrom = Literal["earliest", "latest"] | datetime
SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
LogFormat = Literal["json", "console"]

Topic = Annotated[str, AfterValidator(values.topic_name)]
Upper = BeforeValidator(values.upper)
Lower = BeforeValidator(values.lower)


def setting(default: Any, meaning: str, expects: str, **bounds: Any) -> Any:
    """A field whose `expects` completes "give …" in the finding about a wrong value."""
    return Field(default, description=meaning, json_schema_extra={"expects": expects}, **bounds)


def topic(default: str, meaning: str) -> Any:
    expects = "letters, digits, '.', '_' and '-', at most 249 of them"
    return setting(default, meaning, expects)


def whole(default: int, low: int, high: int, meaning: str) -> Any:
    expects = f"a whole number from {low} to {high}"
    return setting(default, meaning, expects, ge=low, le=high)


def seconds(default: float, low: float, high: float, meaning: str) -> Any:
    expects = f"seconds from {low:g} to {high:g}"
    return setting(default, meaning, expects, ge=low, le=high, allow_inf_nan=False)


class Settings(BaseSettings):
    """One worker's settings. Values are checked one by one here, against each other in `load`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    kafka_bootstrap_servers: Annotated[str, AfterValidator(values.servers)] = setting(
        "", "Where Kafka is; needed by all that talks to it.", "host:port[,host:port…]"
    )
    kafka_security_protocol: Annotated[SecurityProtocol, Upper] = setting(
        "PLAINTEXT", "How to talk to Kafka.", "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    kafka_sasl_mechanism: Annotated[SaslMechanism | None, Upper] = setting(
        None, "How to log in, with SASL_*.", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    )
    kafka_sasl_username: str | None = setting(None, "Who logs in, with SASL_*.", "a user's name")
    kafka_sasl_password_file: Path | None = setting(
        None, "The file that holds the user's password, with SASL_*.", "a file to read"
    )
    kafka_ssl_ca_file: Path | None = setting(
        None, "PEM of the authorities to trust, with *SSL; absent: the system's.", "a file to read"
    )
    kafka_ssl_cert_file: Path | None = setting(
        None, "PEM of the client's certificate, with *SSL.", "a file to read"
    )
    kafka_ssl_key_file: Path | None = setting(
        None, "PEM of the client's key, with *SSL.", "a file to read"
    )
    kafka_group_id: str = setting(
        "loyalty-worker", "The consumer group: workers of one group share the lanes.", "a name"
    )
    kafka_group_instance_id: str | None = setting(
        None,
        "Static membership: a restart within the session timeout moves no lane. Unique per worker.",
        "a name that no other worker of the group has",
    )
    kafka_session_timeout_seconds: float = seconds(
        10, 6, 1800, "After so long without a heartbeat the worker's lanes go to others."
    )
    kafka_heartbeat_seconds: float = seconds(
        0.5,
        0.1,
        600,
        "A rebalance stalls lanes for about this long; at most a third of the session.",
    )

    topic_topups: Topic = topic("loyalty.topups", "In: top-ups and their refunds.")
    topic_visits: Topic = topic("loyalty.visits", "In: visits.")
    topic_payments: Topic = topic("loyalty.payments", "In: payments, refunds, manual operations.")
    topic_clients: Topic = topic("loyalty.clients", "In: registrations and snapshots of clients.")
    topic_bonus_commands: Topic = topic("loyalty.bonus-commands", "Out: bonus commands.")
    topic_group_commands: Topic = topic("loyalty.group-commands", "Out: group commands.")
    topic_push_commands: Topic = topic("loyalty.push-commands", "Out: push commands.")
    topic_bonus_journal: Topic = topic("loyalty.bonus-journal", "Out: one record per operation.")
    topic_dead_letters: Topic = topic("loyalty.dead-letters", "Out: what could not be taken.")
    topic_lane_log: Topic = topic("loyalty.lane-log", "Internal: starts and plans of every lane.")
    topic_budgets: Topic = topic("loyalty.budgets", "Internal: what lanes say of budgets.")
    topic_rules: Topic = topic("loyalty.rules", "Rule sets, by organization (compacted).")
    topic_rules_history: Topic = topic("loyalty.rules-history", "Every rule set, by its hash.")
    topic_rules_status: Topic = topic(
        "loyalty.rules-status", "What each worker applied or refused (compacted)."
    )

    redis_url: Annotated[str, AfterValidator(values.redis_url)] = setting(
        "",
        "Where the lanes' state is; needed by the worker.",
        "redis://host:port[/db], rediss://… or redis+cluster://host:port[,…]; the user belongs in "
        "LOYALTY_REDIS_USERNAME, the password in the file named by LOYALTY_REDIS_PASSWORD_FILE",
    )
    redis_username: str | None = setting(None, "Who logs in to Redis.", "a user's name")
    redis_password_file: Path | None = setting(
        None, "The file that holds the password for Redis.", "a file to read"
    )
    redis_key_prefix: Annotated[str, AfterValidator(values.key_prefix)] = setting(
        "loyalty:", "What all keys begin with; another group, another prefix.", "a short text"
    )

    rules_source: Annotated[str, AfterValidator(values.rules_source)] = setting(
        "",
        "Where the rule sets come from; needed by the worker.",
        "directory:/path (its *.yaml, *.yml and *.json) or kafka: (the topic of rules)",
    )
    start_from: Annotated[StartFrom | None, BeforeValidator(values.start_from)] = setting(
        None,
        "The first event to take where a lane has no state, and nowhere else. `earliest` pays for "
        "everything that the topics still hold, `latest` for nothing that is in them now, an "
        "instant for all since then. Without it such a lane refuses to start.",
        "earliest, latest, or an instant with its offset such as 2026-11-22T00:00:00+03:00",
    )
    max_clock_skew_seconds: int = whole(
        300, 0, 86_400, "An event so much later than its record's timestamp is `IN_FUTURE`."
    )
    lapse_grace_seconds: int = whole(
        120, 0, 86_400, "A lapse is carried out so long after its instant, dated at the instant."
    )
    remember_payments_days: int = whole(
        180, 1, 3650, "How long a payment with a bonus part can be refunded to its batches."
    )
    repeat_horizon_days: int = whole(
        7, 1, 365, "Readers remember command ids so long; nothing older is published again."
    )
    lane_idle_ms: int = whole(
        500, 0, 60_000, "How long a lane waits for a topic that has lag but nothing fetched yet."
    )
    batch_max_events: int = whole(500, 1, 1500, "Events of one plan and one commit, at most.")
    batch_linger_ms: int = whole(
        5, 0, 1000, "How long a batch may wait for company: latency against cost per event."
    )
    state_cache_mb: int = whole(
        256, 0, 65_536, "Memory for clients' states, over all lanes of the worker."
    )

    http_host: str = setting("127.0.0.1", "Where health and metrics listen.", "an address")
    http_port: int = whole(8080, 0, 65_535, "Their port; 0: any that is free.")
    log_level: Annotated[Level, Upper] = setting(
        "INFO", "The least severe line that is written.", "DEBUG, INFO, WARNING, ERROR or CRITICAL"
    )
    log_format: Annotated[LogFormat, Lower] = setting(
        "json", "One JSON object a line, or text for people.", "json or console"
    )

    kafka_sasl_password: SecretStr | None = Field(None, exclude=True)
    redis_password: SecretStr | None = Field(None, exclude=True)

    @property
    def rules_directory(self) -> Path | None:
        """The directory of the rule sets; None where they come from Kafka."""
        return values.rules_directory(self.rules_source)

    def topic(self, channel: str) -> str:
        """The topic of a channel (`schemas.records.Output`): BONUS_COMMANDS, DEAD_LETTERS, …"""
        name: str = getattr(self, f"topic_{channel.lower()}")
        return name

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the caller gives: `load_settings` says which environment that is."""
        return (init_settings,)


SECRETS = frozenset({"kafka_sasl_password", "redis_password"})
FIELDS = tuple(name for name in Settings.model_fields if name not in SECRETS)
VARIABLES = tuple(PREFIX + name.upper() for name in FIELDS)


def expects(field: str) -> str:
    """What a setting takes, in words that complete "give …"."""
    extra = Settings.model_fields[field].json_schema_extra
    assert isinstance(extra, dict)
    return str(extra["expects"])
