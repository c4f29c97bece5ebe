"""Rows of contracts and renewals."""

from typing import Annotated, ClassVar

from streams.core.columns import (
    AccountId,
    Currency,
    EventId,
    Flags,
    Ingested,
    IsTest,
    Label,
    Moment,
    Owner,
    Row,
    Source,
    UInt32,
    doc,
    personal,
)

ContractId = Annotated[str, doc("Contract within the account")]
NoticeAt = Annotated[
    Moment | None, doc("By when notice must be given, UTC; when the renewal is due where no notice is agreed")
]
AutoRenew = Annotated[bool, doc("1 when it renews itself unless notice is given in time")]


class ContractRow(Row, frozen=True, gc=False):
    """Contracts as they stand: one row each. What became of each of their terms: see renewal."""

    TABLE: ClassVar[str] = "contract"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "contract"
    account_id: AccountId
    contract_id: ContractId
    term_kind: Annotated[Label, doc("fixed, monthly, evergreen or unknown; incomplete while no event states it")]
    starts_at: Annotated[Moment | None, doc("First instant of the term, UTC; NULL while incomplete")]
    ends_at: Annotated[Moment | None, doc("First instant after the term, UTC; NULL where no end is agreed")]
    due_at: Annotated[Moment | None, doc("When the renewal is due, UTC; NULL where none ever is")]
    first_due_at: Annotated[Moment | None, doc("When it was due as first stated, UTC; NULL where none ever is")]
    notice_at: NoticeAt
    auto_renew: AutoRenew
    annual_micros: Annotated[int, doc("Value of one year, in millionths of the currency's major unit")]
    currency: Currency
    products: Annotated[tuple[str, ...], doc("Products under the contract")]
    term_no: Annotated[UInt32, doc("Number of the term that lasts, from 1; 0 where no renewal is ever due")]
    flags: Flags
    is_test: IsTest
    source: Source
    event_id: EventId
    occurred_at: Annotated[Moment, doc("When it was stated so, UTC")]
    ingested_at: Ingested


class ContractStartRow(Row, frozen=True, gc=False):
    """First days of contracts as they were told: one row per moment at which another one was."""

    TABLE: ClassVar[str] = "contract_start"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "contract"
    account_id: AccountId
    contract_id: ContractId
    told_at: Annotated[Moment, doc("When it was stated, UTC; it holds until the contract's next row")]
    started_at: Annotated[Moment, doc("First day of all terms of the contract that were stated by then, UTC")]
    is_test: IsTest
    event_id: EventId


class RenewalRow(Row, frozen=True, gc=False):
    """Renewals of contracts: one row per term, open ones too. Contracts without an end have none."""

    TABLE: ClassVar[str] = "renewal"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "contract"
    account_id: AccountId
    contract_id: ContractId
    term_no: Annotated[UInt32, doc("Term of the contract, from 1")]
    status: Annotated[
        Label,
        doc(
            "open, overdue (due and not decided), renewed, downsold, upsold, lost, renewed_auto (the notice passed"
            " without a decision), or unknown where the outcome is a word that nobody knows"
        ),
    ]
    due_at: Annotated[Moment, doc("When the renewal is due by the newest word, UTC")]
    first_due_at: Annotated[Moment, doc("When it was due as first stated, UTC")]
    starts_at: Annotated[Moment, doc("First instant of the term, UTC")]
    ends_at: Annotated[Moment | None, doc("First instant after the term, UTC; NULL where no end is agreed")]
    notice_at: NoticeAt
    auto_renew: AutoRenew
    target_micros: Annotated[int, doc("Value of one year before the renewal, in millionths of the currency")]
    final_micros: Annotated[
        int | None, doc("Value of one year after it, 0 where lost; NULL while undecided, or in another currency")
    ]
    currency: Currency
    decided_at: Annotated[Moment | None, doc("When it was decided, or renewed itself, UTC; NULL while undecided")]
    successor_id: Annotated[str, doc("Contract that took over; empty when this one goes on, or none did")]
    reason: Annotated[str, personal("Why, in words of the source; empty when nobody said")]
    amendments: Annotated[UInt32, doc("Statements that changed its due date or value before the decision")]
    flags: Flags
    is_test: IsTest
    source: Source
    event_id: EventId
    occurred_at: Annotated[Moment, doc("When the newest event behind the row happened, UTC")]
    ingested_at: Ingested
