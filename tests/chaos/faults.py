"""The faults, by kind: each strikes while a batch is under way, and says when."""

from collections.abc import Awaitable, Callable

from msgspec import Struct

from tests.chaos import on_input, on_kafka, on_redis, on_workers
from tests.chaos.site import Site
from tests.chaos.stage import Stage, Struck


class Kind(Struct, frozen=True):
    """`alone`: what no other fault may touch meanwhile. `outage`: workers may fail to start. `of`:
    the only layout that has it. `share`: how often it comes, next to others."""

    name: str
    strike: Callable[[Stage], Awaitable[Struck]]
    alone: str = ""
    outage: bool = False
    of: str = ""
    share: int = 1


PAIR, CLUSTER, ONE, THREE = "pair", "cluster", "one", "three"
"""Of layouts: one Redis and its replica, or a cluster; one broker, or three."""

EVERYTHING = "everything"
"""Nothing else may happen meanwhile."""

KINDS = (
    Kind("worker killed", on_workers.kill_worker),
    Kind("worker killed at a point", on_workers.kill_worker_at_point),
    Kind("worker stopped beyond its session", on_workers.stop_worker),
    Kind("worker joins", on_workers.join, "join"),
    Kind("worker leaves", on_workers.leave, "join"),
    Kind("Redis restarted", on_redis.restart_redis, "redis", True),
    Kind("Redis killed, tail cut", on_redis.cut_tail, "redis", True),
    Kind("Redis emptied", on_redis.empty_redis, "redis"),
    Kind("failover to a replica behind", on_redis.fail_over, "redis", True, PAIR, 2),
    Kind("replies of Redis lost", on_redis.lose_redis_replies, "redis", True, PAIR, 2),
    Kind("connections to Redis cut", on_redis.cut_redis, "redis", True, PAIR, 2),
    Kind("Redis slow or silent", on_redis.slow_redis, "redis", True, PAIR, 2),
    Kind("one master of three down", on_redis.stop_master, EVERYTHING, True, CLUSTER, 6),
    Kind("Redis out of memory", on_redis.fill_memory, "redis", True),
    Kind("broker killed", on_kafka.kill_broker, "kafka", True, ONE, 2),
    Kind("one broker of three killed", on_kafka.kill_broker, "kafka", True, THREE, 4),
    Kind("replies of Kafka lost", on_kafka.lose_kafka_replies, "kafka", True),
    Kind("connections to Kafka cut", on_kafka.cut_kafka, "kafka", True),
    Kind("repeated input", on_input.repeat_input),
    Kind("malformed input", on_input.send_malformed),
    Kind("events years ahead", on_input.send_years_ahead),
    Kind("rules reloaded", on_input.reload_rules),
    Kind("clock stepped", on_workers.step_clock),
)


def kinds_of(site: Site) -> list[Kind]:
    """What can happen there."""
    has = {CLUSTER if site.masters else PAIR, THREE if len(site.brokers) > 1 else ONE}
    return [kind for kind in KINDS if not kind.of or kind.of in has]
