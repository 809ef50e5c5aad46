"""The hundred rules, as one table. Everything that a contender evaluates is rendered from it.

`when` and `credit` are written in what the rule language, Python and asteval have in common, so
that the same text serves as a formula of the rule set, as the body of a lambda and as an asteval
expression. Three properties keep every contender comparable:

- A rule reads the event, the calendar and the client's counters *of its own topic* only. Kafka
  gives no order between topics, so any other counter would let two right workers differ.
- Amounts of the events are whole roubles, percentages and thresholds whole numbers: binary
  floating point, which the fast baselines use, then gives the same cents as decimals do.
- The zone has had no change of its clocks since 2014; events carry its offset.
"""

from dataclasses import dataclass

ORGANIZATION = "izi"
VERSION = "benchmark.1"
TIME_ZONE = "Europe/Moscow"
CURRENCY = "RUB"
CLUBS = tuple(f"club-{number}" for number in range(1, 6))

TOPUP = "BALANCE_TOPPED_UP"
VISIT_STARTED = "VISIT_STARTED"
VISIT_ENDED = "VISIT_ENDED"
PAYMENT = "PAYMENT_MADE"

LADDER_PRIORITY = 50


@dataclass(frozen=True)
class Rule:
    """One rule. `club` empty: every club; `when` empty: always; `exclusive` empty: no group."""

    id: str
    trigger: str
    when: str
    credit: str
    club: str = ""
    exclusive: str = ""
    priority: int = 0


@dataclass(frozen=True)
class Ladder:
    """Tiers of one club, lowest first: (id, threshold in major units, percent)."""

    id: str
    club: str
    tiers: tuple[tuple[str, int, int], ...]

    def rules(self) -> list[Rule]:
        """One rule per tier in one exclusivity group, the highest seen first."""
        return [
            Rule(
                id=f"{self.id}.{tier}",
                trigger=TOPUP,
                when=f"topupAmountMajor >= {at_least}",
                credit=f"percent(topupAmountMajor, {percent})",
                club=self.club,
                exclusive=self.id,
                priority=LADDER_PRIORITY + number,
            )
            for number, (tier, at_least, percent) in enumerate(self.tiers, start=1)
        ]


def _ladders() -> list[Ladder]:
    tiers = (("entry", 2, 5), ("step", 4, 8), ("anchor", 8, 12), ("premium", 12, 20))
    return [
        Ladder(
            id=f"ladder-{club}",
            club=club,
            tiers=tuple((tier, times * scale, percent) for tier, times, percent in tiers),
        )
        for club, scale in zip(CLUBS, (200, 250, 300, 300, 375), strict=True)
    ]


def _by_source() -> list[Rule]:
    """Three bands for each way to pay, the highest band only."""
    bands = ((1, 800, 1), (2, 1500, 2), (3, 2500, 3))
    return [
        Rule(
            id=f"source-{source.lower().replace('_', '-')}-{band}",
            trigger=TOPUP,
            when=f"topUpSource == '{source}' and topupAmountMajor >= {at_least}",
            credit=f"percent(topupAmountMajor, {percent})",
            exclusive=f"source-{source}",
            priority=band,
        )
        for source in ("ACQUIRING", "POS_TERMINAL", "CASH")
        for band, at_least, percent in bands
    ]


def _happy_hours() -> list[Rule]:
    return [
        Rule(
            id=f"happy-{name}-{club}",
            trigger=TOPUP,
            when=f"hour >= {since} and hour < {until} and topupAmountMajor >= {at_least}",
            credit=f"percent(topupAmountMajor, {percent})",
            club=club,
        )
        for club in CLUBS
        for name, since, until, at_least, percent in (
            ("morning", 8, 12, 400, 7),
            ("afternoon", 13, 16, 600, 4),
        )
    ]


def _weekdays() -> list[Rule]:
    return [
        Rule(
            id=f"weekday-{day}",
            trigger=TOPUP,
            when=f"dayOfWeek == {day} and hour < 16 and topupAmountMajor >= 1000",
            credit="25",
        )
        for day in range(1, 6)
    ]


def _first_topups() -> list[Rule]:
    local = [
        Rule(
            id=f"welcome-{club}",
            trigger=TOPUP,
            when="isFirstTopup and topupAmountMajor >= 500",
            credit="100",
            club=club,
        )
        for club in CLUBS
    ]
    return [
        *local,
        Rule("welcome-network", TOPUP, "isFirstTopup and topupAmountMajor >= 2000", "50"),
    ]


def _topup_milestones() -> list[Rule]:
    return [
        Rule(
            id=f"topups-{number}",
            trigger=TOPUP,
            when=f"topupCount == {number - 1} and topupAmountMajor >= 200",
            credit=f"{number * 5}",
        )
        for number in (10, 25, 50, 75, 100, 150)
    ]


def _loyal() -> list[Rule]:
    local = [
        Rule(
            id=f"regular-{club}",
            trigger=TOPUP,
            when="totalTopupMajor >= 12000 and topupAmountMajor >= 1500",
            credit="min(percent(topupAmountMajor, 2), 60)",
            club=club,
        )
        for club in CLUBS
    ]
    tiers = [
        Rule(
            id=f"vip-{name}",
            trigger=TOPUP,
            when=f"totalTopupMajor >= {total} and topupAmountMajor >= 2000",
            credit=f"percent(topupAmountMajor, {percent})",
            exclusive="vip",
            priority=percent,
        )
        for name, total, percent in (("silver", 10000, 1), ("gold", 15000, 2), ("black", 20000, 3))
    ]
    return [*local, *tiers]


def _above_own_average() -> list[Rule]:
    """More than twice the client's own average: written as a product, which is exact."""
    condition = "topupCount >= 5 and topupAmountMajor * topupCount >= totalTopupMajor * {times}"
    local = [
        Rule(f"stretch-{club}", TOPUP, condition.format(times=3), "40", club=club) for club in CLUBS
    ]
    return [*local, Rule("stretch-network", TOPUP, condition.format(times=4), "60")]


def _visits() -> list[Rule]:
    nights = [
        Rule(f"night-{club}", VISIT_STARTED, "hour >= 23 or hour < 4", "15", club=club)
        for club in CLUBS
    ]
    milestones = [
        Rule(f"visits-{number}", VISIT_STARTED, f"visitCount == {number - 1}", f"{number * 3}")
        for number in (10, 25, 50, 75, 100)
    ]
    stays = [
        Rule(
            id=f"stay-{minutes}",
            trigger=VISIT_ENDED,
            when=f"durationMinutes >= {minutes}",
            credit=f"{minutes // 12}",
            exclusive="stay",
            priority=minutes,
        )
        for minutes in (420, 480, 540)
    ]
    late = [
        Rule("late-home", VISIT_ENDED, "hour >= 2 and hour < 5 and durationMinutes >= 180", "10"),
        Rule("morning-home", VISIT_ENDED, "hour >= 6 and hour < 9 and visitCount >= 5", "10"),
    ]
    return [*nights, *milestones, *stays, *late]


def _payments() -> list[Rule]:
    bar = [
        Rule(
            id=f"bar-{club}",
            trigger=PAYMENT,
            when="productType == 'BAR' and totalAmountMajor >= 300",
            credit="percent(totalAmountMajor, 3)",
            club=club,
        )
        for club in CLUBS
    ]
    tariffs = [
        Rule(
            id=f"tariff-{at_least}",
            trigger=PAYMENT,
            when=f"productType == 'TARIFF' and totalAmountMajor >= {at_least}",
            credit=f"percent(totalAmountMajor, {percent})",
            exclusive="tariff",
            priority=percent,
        )
        for at_least, percent in ((600, 1), (900, 2), (1200, 3), (1800, 4))
    ]
    passes = [
        Rule(
            id=f"pass-{name}",
            trigger=PAYMENT,
            when=f"productType == 'MULTIPASS' and totalAmountMajor >= {at_least}",
            credit=credit,
            exclusive="pass",
            priority=at_least,
        )
        for name, at_least, credit in (("small", 600, "20"), ("large", 1000, "45"))
    ]
    spent = [
        Rule(
            id=f"spender-{total}",
            trigger=PAYMENT,
            when=f"totalSpentMajor >= {total} and totalAmountMajor >= 1500",
            credit=f"percent(totalAmountMajor, {percent})",
            exclusive="spender",
            priority=percent,
        )
        for total, percent in ((3000, 1), (6000, 2), (10000, 3), (15000, 4))
    ]
    return [*bar, *tariffs, *passes, *spent]


LADDERS: tuple[Ladder, ...] = tuple(_ladders())

SINGLE_RULES: tuple[Rule, ...] = (
    *_by_source(),
    *_happy_hours(),
    *_weekdays(),
    *_first_topups(),
    *_topup_milestones(),
    *_loyal(),
    *_above_own_average(),
    *_visits(),
    *_payments(),
)

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (*(rule for ladder in LADDERS for rule in ladder.rules()), *SINGLE_RULES),
        key=lambda rule: (-rule.priority, rule.id),
    )
)
"""All rules, ladders expanded, in matching order: priority descending, then id ascending."""
