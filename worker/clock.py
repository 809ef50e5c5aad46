"""The real clock behind the port."""

import asyncio
import time


class SystemClock:
    def now_us(self) -> int:
        return time.time_ns() // 1000

    def perf(self) -> float:
        return time.perf_counter()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
