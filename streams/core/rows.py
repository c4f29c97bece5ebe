"""The row structs of every table, by table name.

Field order is column order. A complete row, as sinks take it, is the struct's fields followed by
``version`` (higher wins) and ``is_deleted`` (1 hides the row), which the shell adds.
"""

from streams.core.columns import Row
from streams.core.rows_receivable import (
    InvoiceDueRow,
    InvoiceLineRow,
    InvoiceRow,
    PaymentAttemptRow,
    PaymentRow,
    ReceivableEntryRow,
)
from streams.core.rows_reference import (
    AccountHistoryRow,
    ContactHistoryRow,
    DeadLetterRow,
    EventRow,
    FxRateRow,
    ManagerAssignmentRow,
    PlanRow,
    PolicyRow,
    TaxonomyTopicRow,
)
from streams.core.rows_refund import ActRow, DisputeRow, PayoutRow, RefundRow
from streams.core.rows_subscription import MrrItemRow, MrrMovementRow, SubscriptionHistoryRow, SubscriptionRow
from streams.core.rows_survey import (
    AnswerChoiceRow,
    AnswerRow,
    FollowupCaseRow,
    FollowupRow,
    InvitationRow,
    ResponseRow,
    ResponseTopicRow,
    RestatementRow,
    SurveyDisplayRow,
    SurveyQuestionRow,
    VerbatimRow,
)

TABLES: dict[str, type[Row]] = {
    row.TABLE: row
    for row in (
        ResponseRow,
        AnswerRow,
        AnswerChoiceRow,
        VerbatimRow,
        ResponseTopicRow,
        FollowupRow,
        FollowupCaseRow,
        RestatementRow,
        InvitationRow,
        SurveyDisplayRow,
        SurveyQuestionRow,
        AccountHistoryRow,
        ContactHistoryRow,
        ManagerAssignmentRow,
        FxRateRow,
        TaxonomyTopicRow,
        PolicyRow,
        PlanRow,
        RefundRow,
        DisputeRow,
        PayoutRow,
        ActRow,
        SubscriptionRow,
        SubscriptionHistoryRow,
        MrrItemRow,
        MrrMovementRow,
        InvoiceRow,
        InvoiceLineRow,
        InvoiceDueRow,
        ReceivableEntryRow,
        PaymentRow,
        PaymentAttemptRow,
        EventRow,
        DeadLetterRow,
    )
}

__all__ = [
    "TABLES",
    "AccountHistoryRow",
    "ActRow",
    "AnswerChoiceRow",
    "AnswerRow",
    "ContactHistoryRow",
    "DeadLetterRow",
    "DisputeRow",
    "EventRow",
    "FollowupCaseRow",
    "FollowupRow",
    "FxRateRow",
    "InvitationRow",
    "InvoiceDueRow",
    "InvoiceLineRow",
    "InvoiceRow",
    "ManagerAssignmentRow",
    "MrrItemRow",
    "MrrMovementRow",
    "PaymentAttemptRow",
    "PaymentRow",
    "PayoutRow",
    "PlanRow",
    "PolicyRow",
    "ReceivableEntryRow",
    "RefundRow",
    "ResponseRow",
    "ResponseTopicRow",
    "RestatementRow",
    "Row",
    "SubscriptionHistoryRow",
    "SubscriptionRow",
    "SurveyDisplayRow",
    "SurveyQuestionRow",
    "TaxonomyTopicRow",
    "VerbatimRow",
]
