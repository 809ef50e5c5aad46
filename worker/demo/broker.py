"""A broker that speaks the Kafka protocol inside this process: librdkafka's mock cluster.

It ships in the `confluent-kafka` wheel and is reached through ctypes. It is a stand-in for a demo
and for functional tests: nothing is stored on disk, a partition keeps its latest 5 MB.

What it does otherwise than Apache Kafka, and what clients therefore set:

- An empty fetch is answered after the whole `fetch_max_wait_ms`, and with nothing, although
  records may have arrived meanwhile: use `FETCH_MAX_WAIT_MS`.
- A fetch answers with one record batch per partition: producers should send in batches. aiokafka
  asks a broker again only when all that it fetched was taken, or after 0.1 s: with one broker the
  slowest lane would set everyone's pace, so give each partition number a broker of its own.
- A second join of a group waits for the session timeout less one second: use a short one
  (`SESSION_TIMEOUT_SECONDS`). Group offsets are refused while a group rebalances.
- Topics are created here, not by clients (no CreateTopics); offsets by timestamp, deletion of
  records, compaction and topic configurations do not exist.
- `RecordMetadata.timestamp` of an acknowledgement is meaningless; a record's own timestamp is the
  producer's.
- Metadata requests for an unknown topic create it with four partitions: create all beforehand.
"""

import ctypes
import time
from collections.abc import Mapping
from types import ModuleType, TracebackType
from typing import Self

from worker.errors import Misconfigured

FETCH_MAX_WAIT_MS = 20
SESSION_TIMEOUT_SECONDS = 6
_PRODUCER = 0
_ERROR_TEXT_SIZE = 512
_SIGNATURES: Mapping[str, tuple[type | None, tuple[type, ...]]] = {
    "rd_kafka_conf_new": (ctypes.c_void_p, ()),
    "rd_kafka_conf_set_log_cb": (None, (ctypes.c_void_p, ctypes.c_void_p)),
    "rd_kafka_new": (
        ctypes.c_void_p,
        (ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t),
    ),
    "rd_kafka_destroy": (None, (ctypes.c_void_p,)),
    "rd_kafka_err2str": (ctypes.c_char_p, (ctypes.c_int,)),
    "rd_kafka_mock_cluster_new": (ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_int)),
    "rd_kafka_mock_cluster_destroy": (None, (ctypes.c_void_p,)),
    "rd_kafka_mock_cluster_bootstraps": (ctypes.c_char_p, (ctypes.c_void_p,)),
    "rd_kafka_mock_topic_create": (
        ctypes.c_int,
        (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int),
    ),
}
_BREATH_SECONDS = 0.002
"""Between two calls: the cluster's thread may overlook one that comes while it ends the last, and
then takes it up a second later."""
_REBALANCE_DELAY = "rd_kafka_mock_group_initial_rebalance_delay_ms"


class EmbeddedBroker:
    """`with EmbeddedBroker({"topic": partitions}) as broker:` then `broker.bootstrap_servers`.

    Listens on `brokers` free loopback ports from `__enter__` to `__exit__`; partition n of every
    topic is led by broker n modulo `brokers`. Raises Misconfigured where the `confluent-kafka`
    wheel is missing or brings no mock cluster.
    """

    def __init__(self, topics: Mapping[str, int], brokers: int = 1) -> None:
        self._topics = dict(topics)
        self._brokers = brokers
        self._library = _library()
        self._handle: int | None = None
        self._cluster: int | None = None

    def __enter__(self) -> Self:
        self._handle = self._new_handle()
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._handle, self._brokers)
        if not self._cluster:
            self.close()
            raise Misconfigured(
                "The embedded broker could not listen on loopback ports.",
                "Allow this process to open sockets on 127.0.0.1.",
            )
        if hasattr(self._library, _REBALANCE_DELAY):
            getattr(self._library, _REBALANCE_DELAY)(ctypes.c_void_p(self._cluster), 0)
        for topic, partitions in self._topics.items():
            self.create_topic(topic, partitions)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def bootstrap_servers(self) -> str:
        """`host:port[,host:port…]`, for clients."""
        address: bytes = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster)
        return address.decode()

    def create_topic(self, topic: str, partitions: int) -> None:
        """Raises Misconfigured where the broker refuses, e.g. a topic that exists."""
        code = self._library.rd_kafka_mock_topic_create(
            self._cluster, topic.encode(), partitions, 1
        )
        if code:
            reason = self._library.rd_kafka_err2str(code).decode()
            raise Misconfigured(
                f"The embedded broker refused topic '{topic}' with {partitions} partitions: "
                f"{reason}.",
                "Give every topic its own name and at least one partition.",
            )
        time.sleep(_BREATH_SECONDS)

    def close(self) -> None:
        """Stop listening and drop everything. Repeating it does nothing."""
        if self._cluster:
            self._library.rd_kafka_mock_cluster_destroy(self._cluster)
            self._cluster = None
        if self._handle:
            self._library.rd_kafka_destroy(self._handle)
            self._handle = None

    def _new_handle(self) -> int:
        """The client instance that the cluster's thread hangs on; it connects to nothing."""
        configuration = self._library.rd_kafka_conf_new()
        self._library.rd_kafka_conf_set_log_cb(configuration, None)
        text = ctypes.create_string_buffer(_ERROR_TEXT_SIZE)
        handle: int | None = self._library.rd_kafka_new(
            _PRODUCER, configuration, text, _ERROR_TEXT_SIZE
        )
        if not handle:
            raise Misconfigured(
                f"The embedded broker did not start: {text.value.decode()}.",
                "Install the demo extra again: pip install 'loyalty-worker[demo]'.",
            )
        return handle


def _library() -> ctypes.CDLL:
    """librdkafka as the wheel ships it: the symbols are found through its extension module."""
    try:
        library = ctypes.CDLL(str(_extension().__file__))
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (ImportError, OSError, AttributeError) as error:
        raise Misconfigured(
            f"The embedded broker is not to be had: {error}.",
            "Install the demo extra: pip install 'loyalty-worker[demo]'.",
        ) from error
    return library


def _extension() -> ModuleType:
    from confluent_kafka import cimpl

    module: ModuleType = cimpl
    return module
