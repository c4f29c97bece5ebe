-- What surveys leave behind: one row per entity, replaced by its newer version.

CREATE TABLE IF NOT EXISTS ${GENERATION}.response ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    response_id String COMMENT 'Response (one person answering one survey once)',
    survey_id String COMMENT 'Survey that was asked',
    survey_version Int32 COMMENT 'Version of the survey definition that was asked',
    invitation_id String COMMENT 'Invitation behind it; empty for link and in-app surveys',
    display_id String COMMENT 'Display of the survey that was answered; empty when none was reported',
    contact_id String COMMENT 'Contact who answered or was asked; empty when anonymous',
    channel LowCardinality(String) COMMENT 'Channel of the survey, as its source names it (email, sms, in_app, ...)',
    language LowCardinality(String) COMMENT 'Language that the survey was answered in, as its source names it',
    status LowCardinality(String) COMMENT 'submitted; incomplete while only later events of the response are known; deleted',
    started_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When answering began, UTC; NULL when the source does not say',
    submitted_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the response was submitted, UTC; NULL while incomplete',
    finished UInt8 COMMENT '1 when the survey was answered to its end',
    nps Nullable(Float64) COMMENT 'The response\'s first valid NPS answer, 0 to 10; NULL when it has none',
    has_text UInt8 COMMENT '1 when at least one answer holds text other than white space',
    corrections UInt16 COMMENT 'Corrections applied to the response so far',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that submitted the response, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    occurred_at DateTime64(6, 'UTC') COMMENT 'When the newest applied event happened, UTC',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, response_id)
COMMENT 'Survey responses as they stand after every correction: one row per response.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.answer ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    response_id String COMMENT 'Response (one person answering one survey once)',
    question_id String COMMENT 'Question within the survey definition',
    kind LowCardinality(String) COMMENT 'NPS, CSAT, CES, RATING, TEXT, CHOICE or UNKNOWN',
    number Float64 COMMENT 'Answer on the question\'s own scale',
    survey_id String COMMENT 'Survey that was asked',
    survey_version Int32 COMMENT 'Version of the survey definition that was asked',
    contact_id String COMMENT 'Contact who answered or was asked; empty when anonymous',
    submitted_at DateTime64(6, 'UTC') COMMENT 'When the response was submitted, UTC; metrics place it in a window by this time',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, response_id, question_id)
COMMENT 'Numeric answers as they stand after every correction: one row per response and question.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.answer_choice ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    response_id String COMMENT 'Response (one person answering one survey once)',
    question_id String COMMENT 'Question within the survey definition',
    choice String COMMENT 'Option that was chosen, as the source names it',
    survey_id String COMMENT 'Survey that was asked',
    submitted_at DateTime64(6, 'UTC') COMMENT 'When the response was submitted, UTC; metrics place it in a window by this time',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, response_id, question_id, choice)
COMMENT 'Chosen options of choice questions: one row per response, question and option.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.verbatim ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    response_id String COMMENT 'Response (one person answering one survey once)',
    question_id String COMMENT 'Question within the survey definition',
    text String COMMENT 'What the respondent wrote; personal data',
    language LowCardinality(String) COMMENT 'Language that the survey was answered in, as its source names it',
    submitted_at DateTime64(6, 'UTC') COMMENT 'When the response was submitted, UTC; metrics place it in a window by this time',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, response_id, question_id)
COMMENT 'Free-text answers: personal data, readable by named users only.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.response_topic ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    response_id String COMMENT 'Response (one person answering one survey once)',
    topic_id String COMMENT 'Topic within the taxonomy',
    sentiment LowCardinality(String) COMMENT 'NEGATIVE, NEUTRAL, POSITIVE, MIXED or UNKNOWN',
    taxonomy_version LowCardinality(String) COMMENT 'Version of the topic list that was tagged with',
    tagger LowCardinality(String) COMMENT 'Person, rule set or model that set the tags',
    submitted_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the tagged response was submitted, UTC; NULL while unknown',
    nps Nullable(Float64) COMMENT 'NPS answer of the tagged response, 0 to 10; NULL when it has none',
    survey_id String COMMENT 'Survey that was asked',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, response_id, topic_id)
COMMENT 'Topics that a response was tagged with: one row per response and topic.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.followup ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    response_id String COMMENT 'Response (one person answering one survey once)',
    followup_id String COMMENT 'Follow-up, as its source names it',
    kind LowCardinality(String) COMMENT 'How contact was made (call, email, ...)',
    manager_id String COMMENT 'Manager who followed up; empty when not told',
    outcome String COMMENT 'What came of it, as the source names it; empty when not told',
    closed UInt8 COMMENT '1 when this follow-up closed the loop',
    occurred_at DateTime64(6, 'UTC') COMMENT 'When the follow-up took place, UTC',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, response_id, followup_id)
COMMENT 'Contacts made because of a response: one row per logged follow-up.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.followup_case ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    response_id String COMMENT 'Response (one person answering one survey once)',
    survey_id String COMMENT 'Survey that was asked',
    contact_id String COMMENT 'Contact who answered or was asked; empty when anonymous',
    state LowCardinality(String) COMMENT 'waiting, contacted, closed, or voided when the score was corrected to 7 or more or withdrawn',
    submitted_at DateTime64(6, 'UTC') COMMENT 'When the response was submitted, UTC; metrics place it in a window by this time',
    due_at DateTime64(6, 'UTC') COMMENT 'By when the first follow-up is due, UTC',
    target_seconds UInt32 COMMENT 'Follow-up target in force at submission, in seconds',
    policy_version LowCardinality(String) COMMENT 'Version of the policy that set the target; empty for the default',
    first_contact_at Nullable(DateTime64(6, 'UTC')) COMMENT 'First follow-up, UTC; NULL before it',
    closed_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the loop was closed, UTC; NULL before it',
    missed_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Set to due_at when the target passed without contact; else NULL',
    score Float64 COMMENT 'NPS answer that opened the case, 0 to 6',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, response_id)
COMMENT 'Detractor responses waiting for contact, and what became of each: one row per detractor response.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.restatement ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    entity_id String COMMENT 'Response or other entity that was corrected',
    event_id String COMMENT 'Event that caused the change',
    metric LowCardinality(String) COMMENT 'Metric whose contribution changed',
    item String COMMENT 'Part of the entity that changed, such as a question; empty for the whole',
    window_at DateTime64(6, 'UTC') COMMENT 'Time that places the change in the metric\'s windows, UTC',
    entity_kind LowCardinality(String) COMMENT 'Kind of the entity, such as response',
    old_value Nullable(Float64) COMMENT 'Contribution before; NULL when there was none',
    new_value Nullable(Float64) COMMENT 'Contribution after; NULL when it was withdrawn',
    reason String COMMENT 'Reason given by the source, or the kind of change',
    occurred_at DateTime64(6, 'UTC') COMMENT 'When the correction happened, UTC',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, entity_id, event_id, metric, item, window_at)
COMMENT 'What a correction changed in a figure that was already published: one row per changed contribution.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.invitation ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    invitation_id String COMMENT 'Invitation, as its source names it',
    survey_id String COMMENT 'Survey that was asked',
    contact_id String COMMENT 'Contact who answered or was asked; empty when anonymous',
    channel LowCardinality(String) COMMENT 'Channel of the survey, as its source names it (email, sms, in_app, ...)',
    ticket_id String COMMENT 'Ticket that triggered the invitation; empty when none did',
    project_id String COMMENT 'Project that triggered the invitation; empty when none did',
    contract_id String COMMENT 'Contract that triggered the invitation; empty when none did',
    status LowCardinality(String) COMMENT 'sent, delivered, opened or bounced; incomplete while the sending itself is not known',
    sent_at Nullable(DateTime64(6, 'UTC')) COMMENT 'First sending, UTC; NULL while unknown',
    delivered_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Delivery, UTC; NULL when not reported',
    bounced_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Bounce, UTC; NULL when none was reported',
    opened_at Nullable(DateTime64(6, 'UTC')) COMMENT 'First opening, UTC; NULL when none was reported',
    expires_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Until when it can be answered, UTC; NULL without a limit',
    reminders UInt16 COMMENT 'Reminders sent; they are the same invitation, not another',
    bounce_reason String COMMENT 'Why it bounced; empty when it did not or nobody said',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, invitation_id)
COMMENT 'Survey invitations and how far each got: one row per invitation.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.survey_display ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    display_id String COMMENT 'Display, as its source names it',
    survey_id String COMMENT 'Survey that was asked',
    survey_version Int32 COMMENT 'Version of the survey definition shown; 0 when not told',
    invitation_id String COMMENT 'Invitation behind it; empty for link and in-app surveys',
    contact_id String COMMENT 'Contact who answered or was asked; empty when anonymous',
    channel LowCardinality(String) COMMENT 'Channel of the survey, as its source names it (email, sms, in_app, ...)',
    displayed_at DateTime64(6, 'UTC') COMMENT 'When the survey was shown, UTC',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, display_id)
COMMENT 'Displays of a survey to a person: one row per display.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.survey_question ${ON_CLUSTER}
(
    survey_id String COMMENT 'Survey that was asked',
    survey_version Int32 COMMENT 'Version of the survey definition that was asked',
    account_id String COMMENT 'Key that the definition was published under',
    question_id String COMMENT 'Question within the survey definition',
    kind LowCardinality(String) COMMENT 'NPS, CSAT, CES, RATING, TEXT, CHOICE or UNKNOWN',
    text String COMMENT 'Wording of the question; empty when not told',
    title String COMMENT 'Title of the survey; empty when not told',
    relationship LowCardinality(String) COMMENT 'RELATIONSHIP, TRANSACTIONAL or UNKNOWN',
    scale_min Nullable(Float64) COMMENT 'Lowest answer of the scale; NULL when not declared',
    scale_max Nullable(Float64) COMMENT 'Highest answer of the scale; NULL when not declared',
    positive_from Nullable(Float64) COMMENT 'Lowest answer counted as positive (satisfied, or easy for effort); NULL when not declared',
    occurred_at DateTime64(6, 'UTC') COMMENT 'When the definition was published, UTC',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (survey_id, survey_version, account_id, question_id)
COMMENT 'Survey definitions: one row per question of each version of each survey.';
