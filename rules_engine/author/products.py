"""Products, clubs and the brakes of the whole set."""

from zoneinfo import ZoneInfo

from rules_engine.author.scope import Scope
from rules_engine.author.settings import check_amount
from rules_engine.author.times import read_time_of_day, read_zone
from rules_engine.checked import Period, Product, PushLimit, RefundPolicy, SetLimits
from rules_engine.document import Path
from schemas import rule_limits as authored_limits
from schemas import rule_set as authored


def check_clubs(rule_set: authored.RuleSet, scope: Scope) -> dict[str, ZoneInfo]:
    """Club id → its own zone."""
    zones: dict[str, ZoneInfo] = {}
    for path, club in scope.shape.items(("clubs",), rule_set.clubs):
        if club.club_id in zones:
            scope.findings.add(
                "DUPLICATE_CLUB",
                (*path, "clubId"),
                f"the club `{club.club_id}` stands twice",
                "keep one of them",
            )
        zones[club.club_id] = read_zone(club.time_zone, (*path, "timeZone"), scope.findings)
    return zones


def check_products(rule_set: authored.RuleSet, scope: Scope) -> tuple[Product, ...]:
    """The products, absent settings taken from `productDefaults`."""
    defaults = rule_set.product_defaults
    scope.ratio(defaults.max_bonus_percent, ("productDefaults", "maxBonusPercent"))
    first: dict[tuple[str, str], Path] = {}
    products = []
    for path, product in scope.shape.items(("products",), rule_set.products):
        for club in dict.fromkeys(product.club_ids or [""]):
            earlier = first.setdefault((product.product_id, club), path)
            if earlier != path:
                _report_twice(product.product_id, club, path, earlier, scope)
        percent = product.max_bonus_percent
        if percent is not None:
            percent = scope.ratio(percent, (*path, "maxBonusPercent"))
        products.append(
            Product(
                product.product_id,
                product.product_type,
                defaults.max_bonus_percent if percent is None else percent,
                RefundPolicy(product.refund_policy or defaults.refund_policy),
                frozenset(product.club_ids),
            )
        )
    return tuple(products)


def check_set_limits(limits: authored_limits.SetLimits | None, scope: Scope) -> SetLimits:
    """`limits` of the whole set."""
    if limits is None:
        return SetLimits()
    path: Path = ("limits",)
    return SetLimits(
        budget=check_amount(limits.budget, (*path, "budget"), scope),
        per_client_credit=check_amount(limits.per_client_credit, (*path, "perClientCredit"), scope),
        push=_push_limit(limits.push, (*path, "push"), scope),
    )


def _report_twice(product: str, club: str, path: Path, earlier: Path, scope: Scope) -> None:
    where = f"for the club `{club}`" if club else "for every club"
    scope.findings.add(
        "DUPLICATE_PRODUCT",
        (*path, "productId"),
        f"the product `{product}` stands twice {where}, "
        f"first in line {scope.findings.line_of(earlier)}",
        "keep one of them, or name other clubs in `clubIds`",
    )


def _push_limit(
    push: authored_limits.PushLimit | None, path: Path, scope: Scope
) -> PushLimit | None:
    if push is None:
        return None
    if (push.times is None) != (push.per is None) and not scope.shape.is_cut(path):
        given, other = ("per", "times") if push.times is None else ("times", "per")
        scope.findings.add(
            "MISSING_KEY",
            (*path, given),
            f"`{given}` stands without `{other}`",
            "write both: `times: 2, per: DAY`",
        )
    since, until = _quiet_hours(push.quiet_hours, (*path, "quietHours"), scope)
    return PushLimit(push.times, Period(push.per or "DAY"), since, until)


def _quiet_hours(
    quiet: authored_limits.QuietHours | None, path: Path, scope: Scope
) -> tuple[int | None, int | None]:
    if quiet is None:
        return None, None
    since = read_time_of_day(quiet.since, (*path, "from"), scope.findings)
    until = read_time_of_day(quiet.to, (*path, "to"), scope.findings, end=True)
    if since is not None and since == until:
        scope.findings.add(
            "QUIET_HOURS_EMPTY",
            (*path, "to"),
            "the quiet hours end when they begin",
            "write another `to`, or remove `quietHours`",
        )
    return since, until
