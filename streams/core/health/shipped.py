"""The model that holds where nobody has set another: published practice where there is some, named where not.

Thresholds follow what practitioners publish for their own books (docs/adr/0169 lists them); weights are this
project's. New customers are judged by how they begin, without a trend of revenue, for their first three months.
"""

from streams.core.health.model import Band, Component, Variant

SHIPPED_MODEL = "default"
_BANDS = (Band(5_000, "red"), Band(7_500, "yellow"), Band(10_000, "green"))
_SURVEY = (
    Component("nps", "nps", 15, ((0, 0), (7, 6_000), (9, 10_000)), max_age_days=180, is_fading=True),
    Component("csat", "csat", 10, ((0, 0), (100, 10_000)), is_linear=True, max_age_days=180, is_fading=True),
)
_SUPPORT = (
    Component("sla", "sla_breach_share", 8, ((0, 10_000), (30, 0)), is_linear=True),
    Component("escalations", "escalations_open", 7, ((0, 10_000), (1, 4_000), (2, 0))),
    Component("oldest_ticket", "oldest_ticket_days", 5, ((0, 10_000), (8, 5_000), (31, 0))),
    Component("contact_rate", "contact_rate", 5, ((0, 10_000), (150, 5_000), (250, 0))),
)
_MONEY = (
    Component("overdue", "overdue_share", 8, ((0, 10_000), (50, 0)), is_linear=True),
    Component("failing", "payments_failing", 6, ((0, 10_000), (1, 3_000), (2, 0))),
    Component("cancels", "cancels_scheduled", 5, ((0, 10_000), (1, 0))),
)
_TREND = Component("mrr_trend", "mrr_trend", 6, ((-30, 0), (0, 8_000), (10, 10_000)), is_linear=True)
_RELATIONSHIP = (
    Component("touch", "touch_days", 7, ((0, 10_000), (30, 5_000), (91, 0))),
    Component("sentiment", "sentiment", 8, ((-2, 0), (2, 10_000)), is_linear=True, max_age_days=90),
)
_USAGE = (
    Component("usage_share", "usage_share", 5, ((0, 0), (50, 5_000), (80, 10_000))),
    Component("usage_change", "usage_change", 5, ((-100, 0), (-20, 5_000), (-5, 10_000))),
)
_ONBOARDING = Component("onboarding", "onboarding_days_late", 20, ((0, 10_000), (1, 6_000), (15, 0)))

_NEW = Variant(
    0,
    SHIPPED_MODEL,
    "new",
    0,
    "default",
    True,
    (),
    0,
    3,
    (*_SURVEY, *_SUPPORT, *_MONEY, *_RELATIONSHIP, *_USAGE, _ONBOARDING),
    5_000,
    _BANDS,
    "default",
)
_ANY = Variant(
    1,
    SHIPPED_MODEL,
    "any",
    0,
    "default",
    True,
    (),
    0,
    0,
    (*_SURVEY, *_SUPPORT, *_MONEY, _TREND, *_RELATIONSHIP, *_USAGE),
    5_000,
    _BANDS,
    "default",
)
SHIPPED_VARIANTS = (_NEW, _ANY)
