"""Where this worker says that its time goes: its own metric `loyalty_stage_seconds`."""

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

METRIC = "loyalty_stage_seconds"


async def read_stages(metrics_url: str) -> dict[str, float]:
    """Seconds by stage since the worker began; stages of lanes overlap, so that they may add up
    to more than the time that passed. Empty where the worker has no such metric."""
    async with aiohttp.ClientSession() as session, session.get(metrics_url) as answer:
        text = await answer.text()
    return {
        sample.labels["stage"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == f"{METRIC}_sum"
    }
