"""Timers from the outside: the stories come true, and readers are promised what they come to."""

import json

import pytest

from schemas.commands import COMMAND_MODELS
from schemas.journal import JournalRecord
from tests.unit.timers.stories import STORIES, Story
from tests.unit.timers.told import Told, happened


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_what_happens(story: Story) -> None:
    told = Told(story.rules, story.events, story.zone)
    assert told.effects(story.until) == happened(story.then)


def test_readers_are_promised_just_that() -> None:
    """Everything that the stories come to holds against the contract of readers."""
    for story in STORIES:
        for each in Told(story.rules, story.events, story.zone).simulated(story.until):
            for command in each.commands:
                read = json.loads(command)
                COMMAND_MODELS[read["type"]].model_validate(read)
            for record in each.journal:
                JournalRecord.model_validate(json.loads(record))
