"""The verdict of a fault run can fail: behind a run in good order one damage of each kind is done,
and each is counted."""

from pathlib import Path

from aiokafka import AIOKafkaProducer

from schemas.records import InputRecord
from schemas.topics import Channel
from tests.integration.deployment import Deployment
from tests.integration.traffic import RULES, traffic
from tests.integration.verifier import unread, verify
from tests.parts.kafka import KafkaServer
from tests.parts.redis import RedisServer
from tests.parts.topics import forget_before
from worker.lane.plan import Plan, Range


async def test_every_kind_of_damage_is_counted(
    kafka: KafkaServer, redis_server: RedisServer, tmp_path: Path
) -> None:
    async with Deployment(kafka, redis_server, tmp_path, RULES) as loyalty:
        worker = loyalty.start_worker()
        await worker.ready()
        await loyalty.send(traffic(1, 300))
        await loyalty.caught_up()
        worker.kill()
        good = await verify(loyalty)
        assert good.clean, good
        commands = await loyalty.read(Channel.BONUS_COMMANDS)
        await _forge(loyalty, commands[0], {"commandId": b"nobody's"}, commands[0].value or b"")
        await _forge(loyalty, commands[1], {}, b"{}")
        assigned = next(r for r in await loyalty.read(Channel.GROUP_COMMANDS) if r.offset == 0)
        await forget_before(kafka.bootstrap, assigned.topic, assigned.partition, 1)
        _forget_a_client(loyalty, redis_server)
        [event] = traffic(2, 1)[:1]
        await loyalty.send([event])
        found = await verify(loyalty)
    assert (found.extra, found.differing, found.lost) == (1, 1, 1)
    assert (found.wrong_states, found.unread) == (1, 1)
    assert not found.clean


def test_inputs_are_taken_exactly_once() -> None:
    def plans(*ranges: Range) -> dict[int, list[Plan]]:
        return {0: [Plan(term=0, seq=1, done=0, wall=1, ranges=ranges)]}

    ends = {("a", 0): 6}
    assert unread(plans(Range("a", 0, 5)), ends) == 0
    assert unread(plans(Range("a", 0, 3)), ends) == 2
    assert unread(plans(Range("a", 0, 3), Range("a", 3, 5)), ends) == 1, "twice"
    assert unread(plans(Range("a", 0, 1), Range("a", 3, 5)), ends) == 1, "passed over"
    assert unread(plans(Range("a", 0, 6)), ends) == 1, "one that is not there"
    late = {("a", 0): 2}
    assert unread(plans(Range("a", 0, 3)), ends, late) == 0, "left to an heir"
    assert unread(plans(Range("a", 0, 4)), ends, late) == 0
    assert unread(plans(Range("a", 0, 2)), ends, late) == 3
    assert unread(plans(Range("a", 0, 6)), ends, late) == 1


async def _forge(
    loyalty: Deployment, like: InputRecord, over: dict[str, bytes], value: bytes
) -> None:
    headers = {**dict(like.headers), **over}
    producer = AIOKafkaProducer(bootstrap_servers=loyalty.kafka.bootstrap)
    await producer.start()
    try:
        place = {"partition": like.partition, "headers": list(headers.items())}
        await producer.send_and_wait(like.topic, value, key=like.key, **place)
    finally:
        await producer.stop()


def _forget_a_client(loyalty: Deployment, redis_server: RedisServer) -> None:
    key = redis_server.cli("--scan", "--pattern", f"*{loyalty.prefix}*:v:izi*").split("\n")[0]
    assert redis_server.cli("DEL", key) == "1"
