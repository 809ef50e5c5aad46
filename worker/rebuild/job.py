"""One job of a rebuild: `python -m worker.rebuild.job`, its order on standard input, its news on
standard output. It ends with whoever started it: when standard input does, it leaves at once, which
is as safe as any death."""

import asyncio
import logging
import os
import sys
from threading import Thread
from typing import BinaryIO

from config.load import load_settings
from worker.process.allocator import give_back_large_blocks
from worker.process.garbage import collect_rarely
from worker.rebuild.lanes import rebuild_lanes
from worker.rebuild.news import News, Order, decode_order, encode
from worker.start import tables_of


def main() -> None:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with open(0, "rb", buffering=0, closefd=False) as orders:
        order = decode_order(orders.readline())
    Thread(target=_leave_with_starter, daemon=True).start()
    give_back_large_blocks()
    collect_rarely()
    asyncio.run(_carry_out(order, sys.stdout.buffer))


async def _carry_out(order: Order, output: BinaryIO) -> None:
    def tell(news: News) -> None:
        output.write(encode(news) + b"\n")
        output.flush()

    settings = load_settings(os.environ)
    tables = tables_of(settings)
    try:
        await rebuild_lanes(settings, tables, order, tell)
    finally:
        await tables.close()


def _leave_with_starter() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
