"""How messages tell numbers of things."""


def counted(number: int, thing: str, many: str = "") -> str:
    """`1 rule`, `2 rules`; `many` where it does not end in a mere s."""
    return f"{number} {thing if number == 1 else many or thing + 's'}"
