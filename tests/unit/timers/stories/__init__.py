"""Stories of timers: a rule set, events, and everything that comes of them up to an instant.

Each is worked by hand.
"""

from tests.unit.timers.stories.batches import BATCHES, EXPIRED
from tests.unit.timers.stories.birthdays import BIRTHDAY, BIRTHDAYS
from tests.unit.timers.stories.groups import GROUP, GROUPS
from tests.unit.timers.stories.order import ORDER
from tests.unit.timers.stories.story import Story, credit
from tests.unit.timers.stories.visits import ABSENT, VISITS

__all__ = ["ABSENT", "BIRTHDAY", "EXPIRED", "GROUP", "STORIES", "Story", "credit"]

STORIES = [*VISITS, *BIRTHDAYS, *GROUPS, *BATCHES, *ORDER]
