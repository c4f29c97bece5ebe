-- Subscriptions, and the ledger of recurring revenue.

CREATE TABLE IF NOT EXISTS ${GENERATION}.subscription ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    subscription_id String COMMENT 'Subscription; an account may have several',
    started_at Nullable(DateTime64(6, 'UTC')) COMMENT 'From when it first held, UTC; NULL while only parts of it are known',
    trial_started_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When its first trial began, UTC; NULL without a trial',
    trial_ended_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When that trial ended or is to end, UTC; NULL without an end',
    converted_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it first had revenue after that trial, UTC; NULL while it has none',
    cancel_requested_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When its end was asked for, UTC; NULL when it was not',
    ends_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it ended or is to end, UTC; NULL while no end is known',
    end_reason LowCardinality(String) COMMENT 'VOLUNTARY, PAYMENT_FAILURE, FRAUD, TAX, OTHER, UNKNOWN; empty without an end',
    term_ends_at Nullable(DateTime64(6, 'UTC')) COMMENT 'End of the agreed term, UTC; NULL where there is none',
    collection_method LowCardinality(String) COMMENT 'CHARGE_AUTOMATICALLY, SEND_INVOICE or UNKNOWN',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    corrections UInt16 COMMENT 'Events among those that stand which replace earlier ones',
    flags Array(String) COMMENT 'What is odd about the row, as codes in alphabetical order; mostly empty',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    occurred_at DateTime64(6, 'UTC') COMMENT 'When the newest applied event happened, UTC',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, subscription_id)
COMMENT 'Subscriptions and what is known of their course: one row each. How one stands now: see subscription_now.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.subscription_history ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    subscription_id String COMMENT 'Subscription; an account may have several',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC, inclusive; until the next row of the same subject',
    valid_to Nullable(DateTime64(6, 'UTC')) COMMENT 'Until when it holds, UTC, exclusive; NULL while nothing else is known',
    status LowCardinality(String) COMMENT 'TRIALING, ACTIVE, PAST_DUE, UNPAID, PAUSED, ENDED or UNKNOWN',
    plan_ids Array(String) COMMENT 'Plans of its items, in alphabetical order',
    quantity Int64 COMMENT 'Units over all items',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    contract_micros Int64 COMMENT 'Recurring amount per month before discounts, in millionths, whatever the status',
    period_start Nullable(DateTime64(6, 'UTC')) COMMENT 'Start of the service period, UTC; NULL when not told',
    period_end Nullable(DateTime64(6, 'UTC')) COMMENT 'End of the service period, UTC, exclusive; NULL when not told',
    trial_ends_at Nullable(DateTime64(6, 'UTC')) COMMENT 'End of the trial, UTC; NULL where there is none',
    pause_ends_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When a pause ends by itself, UTC; NULL where that is not agreed',
    cancel_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it is to end, UTC; NULL while no end is scheduled',
    service_ends_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Until when an ended one was paid for, UTC; NULL before it has ended',
    reason LowCardinality(String) COMMENT 'Why it ended or is to end; empty otherwise',
    change_kind LowCardinality(String) COMMENT 'What the event changed: its type, or its own word such as PLAN or RENEWAL',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    occurred_at DateTime64(6, 'UTC') COMMENT 'When that event happened, UTC',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, subscription_id, valid_from)
COMMENT 'How a subscription stood over time: one row per change of anything about it, changes that are to come too.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.mrr_item ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    policy LowCardinality(String) COMMENT 'MRR policy that the row follows: cxledger, stripe, chartmogul or profitwell',
    subscription_id String COMMENT 'Subscription; an account may have several',
    item_id String COMMENT 'Item within the subscription',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC, inclusive; until the next row of the same subject',
    valid_to Nullable(DateTime64(6, 'UTC')) COMMENT 'Until when it holds, UTC, exclusive; NULL while nothing else is known',
    plan_id String COMMENT 'Plan that the item is charged by',
    product_line LowCardinality(String) COMMENT 'Product line of the plan; empty when not told',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    mrr_micros Int64 COMMENT 'Recurring revenue per month as the policy counts it, in millionths of the currency',
    contract_micros Int64 COMMENT 'The same before any discount',
    quantity Int64 COMMENT 'Units charged for',
    rate_at DateTime64(6, 'UTC') COMMENT 'When the exchange rate is taken, UTC',
    policy_version LowCardinality(String) COMMENT 'Version of that policy, default where none was set',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, policy, subscription_id, item_id, valid_from)
COMMENT 'Monthly recurring revenue by item and policy: one row per span of time in which nothing about it changed.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.mrr_movement ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    policy LowCardinality(String) COMMENT 'MRR policy that the row follows: cxledger, stripe, chartmogul or profitwell',
    at DateTime64(6, 'UTC') COMMENT 'When it takes effect, UTC; a movement that is to come lies in the future',
    subscription_id String COMMENT 'Subscription; an account may have several',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    plan_id String COMMENT 'Plan that the item is charged by',
    product_line LowCardinality(String) COMMENT 'Product line of the plan; empty when not told',
    kind LowCardinality(String) COMMENT 'new, expansion, contraction, churn, reactivation, pause, resume, fx; transfer where all nets to 0',
    line LowCardinality(String) COMMENT 'Of an expansion: upsell on a product line that was paid for, cross_sell on a new one',
    amount_micros Int64 COMMENT 'Change per month, in millionths of the currency; 0 where only the rate changed',
    fx_base_micros Int64 COMMENT 'Amount before it, which the change of exchange rate applies to, in millionths',
    rate_at DateTime64(6, 'UTC') COMMENT 'When the exchange rate after it is taken, UTC',
    rate_at_before DateTime64(6, 'UTC') COMMENT 'When the exchange rate before it is taken, UTC',
    reason LowCardinality(String) COMMENT 'Why revenue ended: VOLUNTARY, PAYMENT_FAILURE, FRAUD, TAX, OTHER or UNKNOWN; else empty',
    is_correction UInt8 COMMENT '1 when its event corrects an earlier one',
    policy_version LowCardinality(String) COMMENT 'Version of that policy, default where none was set',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, policy, at, subscription_id, currency, plan_id, product_line)
COMMENT 'Movements of monthly recurring revenue: per account, with the subscription and plan that each belongs to.';
