"""Declare a column of a row struct: its kind, its bounds and the sentence that a BI tool shows for it.

A kind is an annotated Python type. Bounds of an integer fix its width in the tables, ``moment`` marks a time,
``label`` marks text with few distinct values. Nothing here knows which database the rows end in.

Absent text is the empty string; an absent time or number is None, allowed where the column says ``| None``.
"""

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from streams.core.entities import Kind

KIND = "kind"
PERSONAL = "personal"
PAY = "pay"


def doc(sentence: str) -> Meta:
    """Give the column its comment."""
    return Meta(description=sentence)


def personal(sentence: str) -> Meta:
    """Give the column its comment, and keep it from readers of figures: it may hold anything about a person.

    Such are words that somebody wrote, and names that other systems have. Ids are not: people are counted by them.
    """
    return Meta(description=sentence, extra={PERSONAL: True})


def pay(sentence: str) -> Meta:
    """Give the column its comment, and keep it from all but those who may know what a person costs.

    Such is what an hour costs, and who worked on what: together with a margin it tells what a person earns.
    """
    return Meta(description=sentence, extra={PAY: True})


Moment = Annotated[int, Meta(extra={KIND: "moment"})]
"""Microseconds since 1970-01-01T00:00:00Z."""
Label = Annotated[str, Meta(extra={KIND: "label"})]
"""Text with at most some thousands of distinct values."""
Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
UInt16 = Annotated[int, Meta(ge=0, le=2**16 - 1)]
UInt32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]

AccountId = Annotated[str, doc("Account (customer company) of the row; the Kafka key of its events")]
SurveyId = Annotated[str, doc("Survey that was asked")]
SurveyVersion = Annotated[Int32, doc("Version of the survey definition that was asked")]
ResponseId = Annotated[str, doc("Response (one person answering one survey once)")]
ContactId = Annotated[str, doc("Contact who answered or was asked; empty when anonymous")]
InvitationId = Annotated[str, doc("Invitation behind it; empty for link and in-app surveys")]
Channel = Annotated[Label, doc("Channel of the survey, as its source names it (email, sms, in_app, ...)")]
QuestionId = Annotated[str, doc("Question within the survey definition")]
QuestionKind = Annotated[Label, doc("NPS, CSAT, CES, RATING, TEXT, CHOICE or UNKNOWN")]
Submitted = Annotated[Moment, doc("When the response was submitted, UTC; metrics place it in a window by this time")]
IsTest = Annotated[bool, doc("1 when an event behind the row was marked as test data; metrics leave it out")]
EventId = Annotated[str, doc("Event that the row's present content comes from")]
Ingested = Annotated[Moment, doc("When Kafka stored the newest event behind the row, UTC (record time)")]
SubscriptionId = Annotated[str, doc("Subscription; an account may have several")]
InvoiceId = Annotated[str, doc("Invoice within the account; empty when none is named")]
PaymentId = Annotated[str, doc("Payment within the account; empty when none is named")]
Currency = Annotated[Label, doc("ISO 4217 currency of the row's amounts; empty while none is known")]
Source = Annotated[Label, doc("System and instance that the row's content comes from, such as zendesk:main")]
Flags = Annotated[tuple[str, ...], doc("What is odd about the row, as codes in alphabetical order; mostly empty")]
ValidFrom = Annotated[Moment, doc("From when it holds, UTC, inclusive; until the next row of the same subject")]


Owner = Kind | Literal["several", "none"]
"""The kind of entity that the rows of a table belong to: one, several of them, or none where no entity has any."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row of one table: fields in column order, the first KEY of them its identity.

    A row with the same identity and a higher version replaces the older one; the shell adds the version. ENTITY says
    whose row it is. The columns NAMED_BY, joined by slashes, name that entity; where there are none this is the column
    called like the kind, ``ticket_id``, and without such a column the row names its event. Example: a row of
    ``survey_question`` belongs to the ``survey_definition`` that ``survey_id`` and ``survey_version`` name. LOOKUPS are
    columns of few values by which rows of all accounts are found: the name of the index, and the column.
    """

    TABLE: ClassVar[str]
    KEY: ClassVar[int]
    ENTITY: ClassVar[Owner]
    NAMED_BY: ClassVar[tuple[str, ...]] = ()
    LOOKUPS: ClassVar[tuple[tuple[str, str], ...]] = ()

    def identity(self) -> tuple[object, ...]:
        """Table name and key values: what a newer version of the row must share to replace it."""
        return (self.TABLE, *msgspec.structs.astuple(self)[: self.KEY])
