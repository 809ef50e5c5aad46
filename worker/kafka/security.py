"""How to talk to Kafka, from the settings: options that every aiokafka client takes."""

import ssl
from typing import Any

from config.settings import Settings
from worker.errors import Misconfigured


def client_options(settings: Settings) -> dict[str, Any]:
    """Raises Misconfigured where a certificate cannot be loaded."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "security_protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_security_protocol in ("SSL", "SASL_SSL"):
        options["ssl_context"] = _ssl_context(settings)
    if settings.kafka_security_protocol.startswith("SASL_"):
        password = settings.kafka_sasl_password
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism or "PLAIN",
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": password.get_secret_value() if password else None,
        }
    return options


def _ssl_context(settings: Settings) -> ssl.SSLContext:
    ca, cert, key = (
        settings.kafka_ssl_ca_file,
        settings.kafka_ssl_cert_file,
        settings.kafka_ssl_key_file,
    )
    try:
        context = ssl.create_default_context(cafile=str(ca) if ca else None)
        if cert is not None:
            context.load_cert_chain(str(cert), str(key) if key else None)
    except (OSError, ssl.SSLError) as error:  # SSLError: not PEM, or key and certificate differ
        named = ", ".join(str(path) for path in (ca, cert, key) if path is not None)
        raise Misconfigured(
            f"The certificates for Kafka cannot be loaded ({named}): {error}.",
            "Give PEM files in LOYALTY_KAFKA_SSL_CA_FILE, LOYALTY_KAFKA_SSL_CERT_FILE and "
            "LOYALTY_KAFKA_SSL_KEY_FILE; the key must belong to the certificate and have no "
            "passphrase.",
        ) from error
    return context


def unreachable(client: dict[str, Any], error: BaseException) -> str:
    """aiokafka says "unable to bootstrap" to a wrong address, password, CA and certificate alike:
    a sentence that names all that it may be. Shows no secret."""
    protocol = client.get("security_protocol", "PLAINTEXT")
    suspects = ["the address"]
    if protocol.startswith("SASL_"):
        suspects.append(f"the password of {client.get('sasl_plain_username')}")
        suspects.append(f"the mechanism {client.get('sasl_mechanism')}")
    if protocol.endswith("SSL"):
        suspects.append("LOYALTY_KAFKA_SSL_CA_FILE and the client's certificate")
    return (
        f"Kafka cannot be reached at {client['bootstrap_servers']} by {protocol}: {error}. "
        f"Check that it is up, {', '.join(suspects)} and whether its listener speaks {protocol}"
    )
