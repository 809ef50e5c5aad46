"""Random formulas of the language, well typed, with edge values."""

import random

NUMBERS = {
    "BALANCE_TOPPED_UP": ["topupAmountMajor"] * 4,
    "VISIT_STARTED": [],
    "VISIT_ENDED": ["durationMinutes"] * 3,
    "PAYMENT_MADE": ["totalAmountMajor"] * 3 + ["bonusAmountMajor"],
    "CLIENT_REGISTERED": [],
}
COMMON = ["totalSpentMajor", "totalTopupMajor", "topupCount", "visitCount", "dayOfWeek", "hour"]
MAYBE = ["averageTopupMajor", "daysSinceLastVisit", "daysSinceFirstVisit", "daysSinceRegistration"]
TEXTS = {
    "BALANCE_TOPPED_UP": [
        ("topUpSource", ["CASH", "ACQUIRING", "POS_TERMINAL"]),
        ("productId", ["night-pack", "кола"]),
        ("shiftId", ["s-1"]),
    ],
    "VISIT_STARTED": [("tariffId", ["day", "night"])],
    "VISIT_ENDED": [("tariffId", ["day", "night"])],
    "PAYMENT_MADE": [("productType", ["BAR", "TARIFF"]), ("productId", ["night-pack", "кола"])],
    "CLIENT_REGISTERED": [],
}
CONSTANTS = ["0", "1", "2", "5", "10", "12.345", "0.005", "0.1", "33.333333333333333333", "100"]
LONG = ["0.333333333333333333333333333333333", "9999999999999999999999999999999999"]
LONG += ["0.000000000000000000000000000000005", "1.000000000000000000000000000000005"]
GROUPS = ["vip", "staff", "новички", "sleepers"]


class Expressions:
    """Formulas for one trigger; `amounts` are figures near which events will come."""

    def __init__(self, rng: random.Random, trigger: str, amounts: list[str]) -> None:
        self.rng, self.trigger, self.amounts = rng, trigger, amounts

    def leaf(self) -> str:
        rng = self.rng
        roll = rng.random()
        if roll < 0.35 and NUMBERS[self.trigger]:
            return rng.choice(NUMBERS[self.trigger])
        if roll < 0.5:
            return rng.choice(COMMON)
        if roll < 0.56:
            return rng.choice(MAYBE)
        if roll < 0.66:
            return f"coalesce({rng.choice(MAYBE)}, {rng.choice(CONSTANTS)})"
        if roll < 0.7:
            if rng.random() < 0.5:
                return rng.choice(LONG)
            return f"bucket('{rng.choice(['a', 'соль'])}')"
        return rng.choice(CONSTANTS + self.amounts)

    def number(self, depth: int) -> str:
        rng = self.rng
        if depth <= 0:
            return self.leaf()
        x = self.number(depth - 1)
        kind = rng.randrange(13)
        if kind < 2:
            return x
        if kind < 5:
            percents = ["5", "12", "20", "33.3", "0.1", "12.5"]
            return f"percent({x}, {rng.choice(percents)})"
        if kind < 8:
            return f"({x} {rng.choice('+-*/')} {self.number(depth - 1)})"
        if kind == 8:
            return f"{rng.choice(['min', 'max'])}({x}, {self.number(depth - 1)}, {self.leaf()})"
        if kind == 9:
            return rng.choice(
                [f"round({x})", f"round({x}, 1)", f"round({x}, 2)", f"floor({x})", f"ceil({x})"]
            )
        if kind == 10:
            return rng.choice([f"abs({x})", f"-({x})", f"clamp({x}, 1.5, 250.125)"])
        if kind == 11:
            return f"({x} if {self.condition(depth - 1)} else {self.number(depth - 1)})"
        missing = rng.choice([*MAYBE, f"{rng.choice(MAYBE)} - 1", f"percent({self.leaf()}, 5)"])
        return f"coalesce({missing}, {x})"

    def threshold(self) -> str:
        """A range of one figure of the event, written in one of many ways."""
        rng = self.rng
        x = rng.choice(NUMBERS[self.trigger] or COMMON)
        low, high = rng.choice(self.amounts), rng.choice(self.amounts)
        extra = self.condition(0)
        return rng.choice(
            [f"{x} >= {low}", f"{low} <= {x}", f"{low} < {x}", f"{low} <= {x} < {high}",
             f"not ({x} < {low})", f"{x} == {low}", f"{x} >= {low} and {extra}",
             f"{extra} and {x} > {low}", f"{x} >= {low} or {extra}", f"{x} in ({low}, {high})",
             f"{x} > {low} and {x} <= {high}", f"{x} - {low} >= 0", f"({x} >= {low}) == isBirthday",
             f"{x} >= {low} and {x} >= {high} and not ({extra})", f"{x} > -{low}",
             f"{low} >= {x} >= {high}", f"({x} >= {low} if {extra} else {x} < {high})",
             f"{x} >= {low} + 1", f"{x} != {low}", f"{x} <= {low}", f"{x} < {x}"]
        )  # fmt: skip

    def condition(self, depth: int) -> str:
        rng = self.rng
        if depth > 0 and rng.random() < 0.25:
            return self.threshold()
        kind = rng.randrange(12)
        if depth > 0 and kind < 3:
            word = rng.choice(["and", "or"])
            return f"({self.condition(depth - 1)} {word} {self.condition(depth - 1)})"
        if depth > 0 and kind == 3:
            return f"not ({self.condition(depth - 1)})"
        if kind == 4:
            return f"known({rng.choice(MAYBE)})"
        if kind == 5:
            return f"'{rng.choice(GROUPS)}' {rng.choice(['in', 'not in'])} groups"
        if kind == 6:
            return rng.choice(["isFirstTopup", "isBirthday", "not isFirstTopup"])
        if kind == 7 and TEXTS[self.trigger]:
            name, words = rng.choice(TEXTS[self.trigger])
            some = rng.choice(words)
            test = rng.choice(
                [
                    f"{name} == '{some}'",
                    f"{name} != '{some}'",
                    f"{name} in ('{some}', '{rng.choice(words)}')",
                ]
            )
            return f"(known({name}) and {test})" if rng.random() < 0.5 else test
        if kind == 8:
            low, high = sorted(rng.sample(range(24), 2))
            return f"{low} <= hour < {high}"
        if kind == 9 and rng.random() < 0.4:
            return rng.choice(
                ["localDate >= '2026-10-25'", "isFirstTopup == isBirthday", "0 < visitCount <= 2",
                 "known(daysSinceLastVisit + 1)", "1 <= dayOfWeek < daysSinceFirstVisit < 9"]
            )  # fmt: skip
        if kind == 9:
            return f"dayOfWeek in (1, {rng.randint(2, 7)}, 7)"
        if kind == 10 and self.amounts:
            least = rng.choice(self.amounts)
            names = NUMBERS[self.trigger] or COMMON
            return f"{rng.choice(names)} {rng.choice(['>=', '>', '<', '<=', '==', '!='])} {least}"
        compare = rng.choice([">=", ">", "<", "<=", "=="])
        return f"{self.number(max(depth - 1, 0))} {compare} {self.leaf()}"
