"""Settings: what is read, what wins, and what every wrong one says."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.errors import SettingsError
from config.load import load_settings
from config.settings import VARIABLES

GOOD = {
    "LOYALTY_KAFKA_BOOTSTRAP_SERVERS": "kafka-1:9092,kafka-2:9092",
    "LOYALTY_REDIS_URL": "redis://redis:6379/0",
    "LOYALTY_RULES_SOURCE": "directory:/rules",
}


def findings(**changed: str) -> list[str]:
    environ = GOOD | {f"LOYALTY_{name}": text for name, text in changed.items()}
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    assert str(caught.value) == "\n".join(str(finding) for finding in caught.value.findings)
    return [str(finding) for finding in caught.value.findings]


def test_defaults() -> None:
    settings = load_settings(GOOD)
    assert settings.kafka_group_id == "loyalty-worker"
    assert settings.topic("DEAD_LETTERS") == "loyalty.dead-letters"
    assert settings.topic("BONUS_COMMANDS") == "loyalty.bonus-commands"
    assert settings.batch_max_events == 500
    assert settings.max_clock_skew_seconds == 300
    assert settings.lapse_grace_seconds == 120
    assert settings.remember_payments_days == 180
    assert settings.repeat_horizon_days == 7
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 8080)
    assert settings.start_from is None
    assert settings.rules_directory == Path("/rules")


def test_every_variable_of_the_contract() -> None:
    names = """KAFKA_BOOTSTRAP_SERVERS KAFKA_SECURITY_PROTOCOL KAFKA_SASL_MECHANISM
    KAFKA_SASL_USERNAME KAFKA_SASL_PASSWORD_FILE KAFKA_SSL_CA_FILE KAFKA_SSL_CERT_FILE
    KAFKA_SSL_KEY_FILE KAFKA_GROUP_ID KAFKA_GROUP_INSTANCE_ID KAFKA_SESSION_TIMEOUT_SECONDS
    KAFKA_HEARTBEAT_SECONDS TOPIC_TOPUPS TOPIC_VISITS TOPIC_PAYMENTS TOPIC_CLIENTS
    TOPIC_BONUS_COMMANDS TOPIC_GROUP_COMMANDS TOPIC_PUSH_COMMANDS TOPIC_BONUS_JOURNAL
    TOPIC_DEAD_LETTERS TOPIC_LANE_LOG TOPIC_BUDGETS TOPIC_RULES TOPIC_RULES_HISTORY
    TOPIC_RULES_STATUS REDIS_URL REDIS_USERNAME REDIS_PASSWORD_FILE REDIS_KEY_PREFIX RULES_SOURCE
    START_FROM MAX_CLOCK_SKEW_SECONDS LAPSE_GRACE_SECONDS REMEMBER_PAYMENTS_DAYS
    REPEAT_HORIZON_DAYS LANE_IDLE_MS BATCH_MAX_EVENTS BATCH_LINGER_MS STATE_CACHE_MB HTTP_HOST
    HTTP_PORT LOG_LEVEL LOG_FORMAT"""
    assert set(VARIABLES) == {f"LOYALTY_{name}" for name in names.split()}


def test_nothing_but_the_given_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOYALTY_HTTP_PORT", "1")
    assert load_settings(GOOD).http_port == 8080


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("earliest", "earliest"),
        ("LATEST", "latest"),
        ("2026-11-22T03:00:00+03:00", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22T00:00:00Z", datetime(2026, 11, 22, tzinfo=UTC)),
        ("", None),
    ],
)
def test_start_from(text: str, value: object) -> None:
    assert load_settings(GOOD | {"LOYALTY_START_FROM": text}).start_from == value


def test_an_empty_variable_is_not_set() -> None:
    assert load_settings(GOOD | {"LOYALTY_KAFKA_GROUP_INSTANCE_ID": ""}).http_port == 8080
    assert findings(REDIS_URL="")[0].startswith("LOYALTY_REDIS_URL: it is not set; give redis://")


def test_what_a_purpose_needs() -> None:
    kafka = {"LOYALTY_KAFKA_BOOTSTRAP_SERVERS": "k:1"}
    assert load_settings(kafka, needs=["kafka"]).redis_url == ""
    with pytest.raises(SettingsError) as caught:
        load_settings({})
    assert [finding.variable for finding in caught.value.findings] == [
        "LOYALTY_KAFKA_BOOTSTRAP_SERVERS",
        "LOYALTY_REDIS_URL",
        "LOYALTY_RULES_SOURCE",
    ]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("BATCH_MAX_EVENTS", "1501", "this is too large; give a whole number from 1 to 1500"),
        ("BATCH_MAX_EVENTS", "0", "this is too small; give a whole number from 1 to 1500"),
        ("HTTP_PORT", "http", "this is not a whole number; give a whole number from 0 to 65535"),
        ("KAFKA_HEARTBEAT_SECONDS", "nan", "this is not a number; give seconds from 0.1 to 600"),
        ("LOG_LEVEL", "loud", "this word is not known; give DEBUG, INFO, WARNING, ERROR"),
        ("LOG_FORMAT", "xml", "this word is not known; give json or console"),
        ("KAFKA_BOOTSTRAP_SERVERS", "a:1,b", "'b' is not host:port; give host:port[,host:port…]"),
        ("KAFKA_BOOTSTRAP_SERVERS", "a:65536", "'a:65536' is not host:port"),
        ("KAFKA_SECURITY_PROTOCOL", "TLS", "this word is not known; give PLAINTEXT, SSL"),
        ("RULES_SOURCE", "/rules", "this is no source of rules; give directory:/path"),
        ("RULES_SOURCE", "directory:", "the path is missing; give directory:/path"),
        ("START_FROM", "yesterday", "this is neither a known word nor an instant; give earliest"),
        ("START_FROM", "2026-11-22T00:00:00", "the instant has no offset from UTC; give earliest"),
        ("TOPIC_VISITS", "my visits", "this is not a name that Kafka takes; give letters"),
        ("REDIS_KEY_PREFIX", "a{b}", "braces and blanks cannot stand in it"),
    ],
)
def test_a_wrong_value_names_itself_and_the_remedy(name: str, text: str, said: str) -> None:
    [line] = findings(**{name: text})
    assert line.startswith(f"LOYALTY_{name}={text!r}: {said}")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://h", "the scheme 'http' is not known"),
        ("redis://", "it names no host"),
        ("redis://h/x", "what follows the host is not the number of a database"),
        ("redis+cluster://h/1", "a cluster has no database but 0"),
        ("redis+cluster://h:1,,k:2", "it names no host"),
        ("redis+cluster://h:1,k:x", "Port could not be cast to integer value as 'x'"),
        ("redis+cluster://h:1,me@k:2", "it carries a user or a password"),
        ("redis://h:1,k:2", "Port could not be cast to integer value as '1,k:2'"),
        ("redis://h:port", "Port could not be cast to integer value as 'port'"),
        ("memory://", "memory:// ends with the process: it is for the demo and tests"),
    ],
)
def test_redis_urls_that_are_refused(url: str, said: str) -> None:
    [line] = findings(REDIS_URL=url)
    assert said in line


@pytest.mark.parametrize(
    "url",
    [
        "redis://h",
        "rediss://h:1/3",
        "redis+cluster://h:1",
        "redis+cluster://h:1,k:2,l",
        "rediss+cluster://h:1,[::1]:2/0",
        "redis://[::1]:1",
    ],
)
def test_redis_urls_that_are_taken(url: str) -> None:
    assert load_settings(GOOD | {"LOYALTY_REDIS_URL": url}).redis_url == url


def test_memory_where_it_is_allowed() -> None:
    given = GOOD | {"LOYALTY_REDIS_URL": "memory://"}
    assert load_settings(given, memory_allowed=True).redis_url == "memory://"


def test_all_findings_at_once() -> None:
    lines = findings(HTTP_PORT="x", LOG_FORMAT="x", KAFKA_GROUPID="x", REDIS_URL="")
    assert sorted(line.split(":")[0].split("=")[0] for line in lines) == [
        "LOYALTY_HTTP_PORT",
        "LOYALTY_KAFKA_GROUPID",
        "LOYALTY_LOG_FORMAT",
        "LOYALTY_REDIS_URL",
    ]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("KAFKA_GROUPID", "did you mean LOYALTY_KAFKA_GROUP_ID?"),
        ("WORKER_PORT", "set enableServiceLinks: false in the pod"),
        ("WORKER_PORT_8080_TCP_ADDR", "set enableServiceLinks: false in the pod"),
        ("COLOUR", "remove it; docs/settings.md has all"),
    ],
)
def test_an_unknown_variable(name: str, remedy: str) -> None:
    [line] = findings(**{name: "s3cret"})
    assert line.startswith(f"LOYALTY_{name}: there is no such setting; {remedy}")
    assert "s3cret" not in line


def test_settings_against_each_other() -> None:
    assert findings(KAFKA_HEARTBEAT_SECONDS="4") == [
        "LOYALTY_KAFKA_HEARTBEAT_SECONDS='4': the session timeout of 10 s is shorter than three "
        "heartbeats; give at most 3.33, or a longer LOYALTY_KAFKA_SESSION_TIMEOUT_SECONDS"
    ]
    assert len(findings(TOPIC_VISITS="loyalty.topups")) == 2
    assert [line.split(":")[0] for line in findings(KAFKA_SECURITY_PROTOCOL="sasl_ssl")] == [
        "LOYALTY_KAFKA_SASL_MECHANISM",
        "LOYALTY_KAFKA_SASL_USERNAME",
        "LOYALTY_KAFKA_SASL_PASSWORD_FILE",
    ]
    [line] = findings(KAFKA_SASL_USERNAME="me")
    assert "nobody logs in with PLAINTEXT; set LOYALTY_KAFKA_SECURITY_PROTOCOL to SASL_SSL" in line
    [line] = findings(KAFKA_SSL_CA_FILE="/ca.pem")
    assert "nothing is encrypted with PLAINTEXT" in line


def test_certificates(tmp_path: Path) -> None:
    pem = tmp_path / "cert.pem"
    pem.write_text("…")
    lines = findings(KAFKA_SECURITY_PROTOCOL="SSL", KAFKA_SSL_CERT_FILE=str(pem))
    assert lines == [
        "LOYALTY_KAFKA_SSL_KEY_FILE: it is not set: a certificate and its key go together; "
        "set both or neither"
    ]
    [line] = findings(KAFKA_SECURITY_PROTOCOL="SSL", KAFKA_SSL_CA_FILE=str(tmp_path / "none"))
    assert "there is no such file to read; name a readable file" in line


class TestSecrets:
    def test_a_password_is_the_first_line_of_its_file(self, tmp_path: Path) -> None:
        file = tmp_path / "password"
        file.write_text("s3cret\n")
        settings = load_settings(GOOD | {"LOYALTY_REDIS_PASSWORD_FILE": str(file)})
        assert settings.redis_password is not None
        assert settings.redis_password.get_secret_value() == "s3cret"
        for shown in (repr(settings), str(settings), settings.model_dump_json()):
            assert "s3cret" not in shown

    def test_never_from_a_variable(self) -> None:
        [line] = findings(REDIS_PASSWORD="s3cret")
        assert line == (
            "LOYALTY_REDIS_PASSWORD: a password is never taken from a variable; "
            "name the file that holds it in LOYALTY_REDIS_PASSWORD_FILE"
        )

    def test_never_from_a_url(self) -> None:
        [line] = findings(REDIS_URL="redis://me:s3cret@h")
        assert line.startswith("LOYALTY_REDIS_URL: it carries a user or a password; give redis://")
        assert "s3cret" not in line

    def test_a_password_given_as_its_file_is_not_shown(self) -> None:
        [line] = findings(REDIS_PASSWORD_FILE="s3cret")
        assert "the file cannot be read: No such file or directory" in line
        assert "s3cret" not in line

    def test_an_empty_file(self, tmp_path: Path) -> None:
        file = tmp_path / "password"
        file.write_text("\nlate")
        [line] = findings(REDIS_PASSWORD_FILE=str(file))
        assert "the first line of the file is empty" in line


class TestFile:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            (
                "s.yaml",
                "http_port: 9000\nKAFKA_HEARTBEAT_SECONDS: 0.70\nLOYALTY_LOG_LEVEL: debug",
            ),
            ("s.json", '{"http_port": 9000, "KAFKA_HEARTBEAT_SECONDS": 0.7, "log_level": "DEBUG"}'),
            ("s.toml", 'http_port = 9000\nKAFKA_HEARTBEAT_SECONDS = 0.7\nLOG_LEVEL = "debug"\n'),
            (
                "s.env",
                "# c\nHTTP_PORT=9000\nexport KAFKA_HEARTBEAT_SECONDS=0.7\nLOG_LEVEL='debug'",
            ),
        ],
    )
    def test_its_forms(self, tmp_path: Path, name: str, text: str) -> None:
        file = tmp_path / name
        file.write_text(text)
        settings = load_settings(GOOD | {"LOYALTY_SETTINGS_FILE": str(file)})
        assert settings.http_port == 9000
        assert settings.kafka_heartbeat_seconds == 0.7
        assert settings.log_level == "DEBUG"

    def test_the_environment_wins_where_it_says_something(self, tmp_path: Path) -> None:
        file = tmp_path / "s.env"
        file.write_text("HTTP_PORT=9000\nLOG_FORMAT=console\nLOG_LEVEL=\n")
        given = {"LOYALTY_HTTP_PORT": "9001", "LOYALTY_LOG_FORMAT": ""}
        settings = load_settings(GOOD | given | {"LOYALTY_SETTINGS_FILE": str(file)})
        assert (settings.http_port, settings.log_format) == (9001, "console")

    @pytest.mark.parametrize(
        ("name", "text", "said"),
        [
            ("s.yaml", "a: [", "cannot be parsed: while parsing a flow node"),
            ("s.yaml", "- a", "is not a mapping; write NAME: value lines"),
            ("s.yaml", "http_port: [1]", "LOYALTY_HTTP_PORT is not a single value"),
            ("s.yaml", "http_port: 1\nHTTP_PORT: 2", "LOYALTY_HTTP_PORT stands there twice"),
            ("s.toml", "a", "cannot be parsed: Expected '='"),
            (
                "s.env",
                'HTTP_PORT=1\nLOG_LEVEL="debug\n',
                "line 2 cannot be read; write NAME=value there, and close quotes",
            ),
            ("s.json", "[" * 20_000, "is nested too deeply; write NAME: value lines"),
        ],
    )
    def test_one_that_is_refused(self, tmp_path: Path, name: str, text: str, said: str) -> None:
        file = tmp_path / name
        file.write_text(text)
        [line] = findings(SETTINGS_FILE=str(file))
        assert line.startswith(f"LOYALTY_SETTINGS_FILE={str(file)!r}: {said}")

    def test_one_that_is_not_there(self, tmp_path: Path) -> None:
        [line] = findings(SETTINGS_FILE=str(tmp_path / "none"))
        assert line.endswith(
            "the file cannot be read: No such file or directory; name a readable file"
        )

    def test_an_unknown_key(self, tmp_path: Path) -> None:
        file = tmp_path / "s.yaml"
        file.write_text("http_prot: 1\n")
        [line] = findings(SETTINGS_FILE=str(file))
        assert (
            line == "LOYALTY_HTTP_PROT: there is no such setting; did you mean LOYALTY_HTTP_PORT?"
        )
