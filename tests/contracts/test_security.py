"""Settings to a broker that wants TLS, a client certificate and a password."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.settings import Settings
from tests.parts.kafka import KafkaServer
from tests.parts.processes import PartMissing, free_port
from worker.errors import Misconfigured, Unavailable
from worker.kafka.lane_log import KafkaLaneLog
from worker.kafka.security import client_options
from worker.kafka.topics import create_topics, partition_count

SUBJECT_NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"
MAY_SIGN = "keyUsage=critical,keyCertSign,cRLSign"
"""Without it Python 3.13 trusts no authority."""
IS_NO_AUTHORITY = "basicConstraints=critical,CA:FALSE"


@dataclass
class Certificates:
    directory: Path

    def file(self, name: str) -> Path:
        return self.directory / name

    def authority(self, name: str) -> None:
        self._openssl(
            *f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name}".split(),
            *f"-keyout {name}.key -out {name}.pem -addext {MAY_SIGN}".split(),
        )

    def issue(self, name: str, authority: str) -> None:
        """name.key, name.pem, and name.both as Kafka's PEM keystore wants it."""
        self._openssl(
            *f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name}".split(),
            *f"-keyout {name}.key -out {name}.pem -addext {SUBJECT_NAMES}".split(),
            *f"-addext {IS_NO_AUTHORITY} -CA {authority}.pem -CAkey {authority}.key".split(),
        )
        both = self.file(f"{name}.key").read_text() + self.file(f"{name}.pem").read_text()
        self.file(f"{name}.both").write_text(both)

    def _openssl(self, *arguments: str) -> None:
        binary = shutil.which("openssl")
        if binary is None:
            raise PartMissing("No openssl to make the tests' certificates: install openssl")
        subprocess.run([binary, *arguments], cwd=self.directory, check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    made = Certificates(tmp_path_factory.mktemp("certificates"))
    made.authority("ca")
    made.authority("stranger")
    made.issue("server", "ca")
    made.issue("client", "ca")
    return made


@pytest.fixture(scope="module")
def secure(certificates: Certificates) -> Iterator[tuple[KafkaServer, int]]:
    """A broker whose second listener speaks SASL_SSL, wants a client certificate and SCRAM."""
    port = free_port()
    listener = "listener.name.secure."
    properties = {
        "listener.security.protocol.map": (
            "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL"
        ),
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        f"{listener}scram-sha-512.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
        f"{listener}ssl.keystore.type": "PEM",
        f"{listener}ssl.keystore.location": str(certificates.file("server.both")),
        f"{listener}ssl.truststore.type": "PEM",
        f"{listener}ssl.truststore.location": str(certificates.file("ca.pem")),
        f"{listener}ssl.client.auth": "required",
    }
    server = KafkaServer(properties, secure_port=port)
    try:
        server.format("--add-scram", "SCRAM-SHA-512=[name=worker,password=right]")
        yield server.start(), port
    finally:
        server.close()


def settings_of(port: int, certificates: Certificates, **over: object) -> Settings:
    return Settings.model_validate(
        {
            "kafka_bootstrap_servers": f"localhost:{port}",
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": "SCRAM-SHA-512",
            "kafka_sasl_username": "worker",
            "kafka_sasl_password": "right",
            "kafka_ssl_ca_file": certificates.file("ca.pem"),
            "kafka_ssl_cert_file": certificates.file("client.pem"),
            "kafka_ssl_key_file": certificates.file("client.key"),
            **over,
        }
    )


@pytest.mark.kafka
async def test_the_settings_reach_a_broker_that_wants_everything(
    secure: tuple[KafkaServer, int], certificates: Certificates
) -> None:
    settings = settings_of(secure[1], certificates)
    await create_topics(settings, 3, replication=1)
    assert await partition_count(settings, settings.topic_topups) == 3
    log = KafkaLaneLog(client_options(settings), settings.topic_lane_log)
    assert await log.lane(2).append(b"start") == 0
    assert list(await log.lane(2).read(-1, 0)) == [(0, b"start")]
    await log.stop()


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"kafka_sasl_password": "wrong-secret"}, "the password of worker"),
        ({"kafka_ssl_ca_file": "stranger.pem"}, "KAFKA_SSL_CA_FILE"),
        ({"kafka_ssl_cert_file": None, "kafka_ssl_key_file": None}, "client's certificate"),
        ({"kafka_security_protocol": "SASL_PLAINTEXT"}, "whether its listener speaks SASL_PLAIN"),
    ],
    ids=["password", "authority", "no certificate", "protocol"],
)
async def test_what_may_be_wrong_is_named_and_no_secret_shown(
    secure: tuple[KafkaServer, int],
    certificates: Certificates,
    wrong: dict[str, str | None],
    named: str,
) -> None:
    ca = wrong.get("kafka_ssl_ca_file")
    over = {**wrong, "kafka_ssl_ca_file": certificates.file(ca)} if ca else dict(wrong)
    settings = settings_of(secure[1], certificates, **over)
    with pytest.raises(Unavailable) as raised:
        await partition_count(settings, "any")
    assert named in str(raised.value)
    assert "wrong-secret" not in str(raised.value)
    assert "right" not in str(raised.value)


def test_plaintext_needs_nothing_else(certificates: Certificates) -> None:
    settings = Settings.model_validate({"kafka_bootstrap_servers": "a:1,b:2"})
    assert client_options(settings) == {
        "bootstrap_servers": "a:1,b:2",
        "security_protocol": "PLAINTEXT",
    }


@pytest.mark.parametrize(
    ("setting", "file"),
    [
        ("kafka_ssl_ca_file", "absent.pem"),
        ("kafka_ssl_ca_file", "server.key"),
        ("kafka_ssl_key_file", "server.key"),
    ],
    ids=["absent", "no certificate in it", "another certificate's key"],
)
def test_certificates_that_cannot_be_loaded_are_named(
    certificates: Certificates, setting: str, file: str
) -> None:
    settings = settings_of(1, certificates, **{setting: certificates.file(file)})
    with pytest.raises(Misconfigured, match=file):
        client_options(settings)
