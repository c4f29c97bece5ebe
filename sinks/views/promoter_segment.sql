/*
comment: >-
  Promoters, and those about to be lost from sight, by segment as it stands now: for whoever speaks to customers. Every person counts
  once, with the latest answer; nps_person has them one by one
columns:
  segment: Segment of the account now; empty when not told
  people: People who ever answered
  promoters: People whose latest answer is 9 or 10, and less than 90 days old
  passives: Of answers that young, 7 and 8
  detractors: Of answers that young, 0 to 6
  n: People whose latest answer is less than 90 days old
  nps: Net Promoter Score of these, in points; NULL without any
  nps_ci_low: Lower bound of its 95 % interval, adjusted Wald
  nps_ci_high: Upper bound of it
  low_sample: 1 when n is below the low-sample threshold
  lapsing: People whose latest answer is 9 or 10, and 90 to 364 days old
  lapsed: People whose latest answer is 9 or 10, and older
  silent: People whose latest answer is lower, and at least 90 days old
  slipped: People whose latest answer is below 9, and the one before was 9 or 10
  promoter_accounts: Accounts with a promoter and without a detractor
  promoter_mrr: Recurring revenue per month of these now, in the reporting currency, each account once
*/
SELECT
    segment,
    toInt64(sum(_a.people)) AS people,
    toInt64(sum(_a.promoter_people)) AS promoters,
    toInt64(sum(_a.passive_people)) AS passives,
    toInt64(sum(_a.detractor_people)) AS detractors,
    promoters + passives + detractors AS n,
    if(n = 0, NULL, 100 * (promoters - detractors) / n) AS nps,
    ${nps_low} AS nps_ci_low,
    ${nps_high} AS nps_ci_high,
    toUInt8(n < assumeNotNull((SELECT threshold FROM ${cx}.low_sample))) AS low_sample,
    toInt64(sum(_a.lapsing_people)) AS lapsing,
    toInt64(sum(_a.lapsed_people)) AS lapsed,
    toInt64(sum(_a.silent_people)) AS silent,
    toInt64(sum(_a.slipped_people)) AS slipped,
    toInt64(countIf(_a.promoter_people > 0 AND _a.detractor_people = 0)) AS promoter_accounts,
    toDecimal128(intDiv(sumIf(_m.pico, _a.promoter_people > 0 AND _a.detractor_people = 0), 1000000), 6) / 1000000 AS promoter_mrr
FROM
(
    SELECT
        account_id,
        any(_p.segment) AS segment,
        count() AS people,
        countIf(state = 'promoter') AS promoter_people,
        countIf(state = 'passive') AS passive_people,
        countIf(state = 'detractor') AS detractor_people,
        countIf(state = 'lapsing') AS lapsing_people,
        countIf(state = 'lapsed') AS lapsed_people,
        countIf(state = 'silent') AS silent_people,
        countIf(is_slipped = 1) AS slipped_people
    FROM ${cx}.nps_person AS _p
    GROUP BY account_id
) AS _a
LEFT JOIN
(
    SELECT account_id, sum(toInt128(_r.mrr_micros) * _r.rate) AS pico
    FROM ${cx}.mrr_reported AS _r
    WHERE policy = 'cxledger' AND since <= ${now} AND until > ${now}
    GROUP BY account_id
) AS _m ON _a.account_id = _m.account_id
GROUP BY segment
