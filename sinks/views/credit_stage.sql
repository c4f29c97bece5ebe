/*
comment: >-
  Shares of accounts that any was ever told of, one row per account and moment at which one begins or ends. Of shares that are more
  than all together the later ones are given in full, and the earlier ones what is left
columns:
  account_id: Account
  at: From when it is so, UTC
  next: Until when, UTC, exclusive; the year 2149 while no end is known
  told: All shares that are told of then, in hundredths of a percent
  has_rest: 1 while somebody owns the account without a share, and has what others leave
  parts: >-
    Manager, pod, lead, and from which hundredth of a percent to which the part of the manager goes: without gap from 0 to 10,000;
    what is nobody's has an empty manager
*/
SELECT
    account_id,
    at,
    leadInFrame(at, 1, ${end_of_days}) OVER (
        PARTITION BY account_id ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS next,
    total AS told,
    rest AS has_rest,
    arrayFilter(
        part -> tupleElement(part, 4) < tupleElement(part, 5),
        arrayPushBack(held, ('', '', '', if(rest = 1, toInt64(10000), least(total, 10000)), toInt64(10000)))
    ) AS parts
FROM
(
    SELECT
        account_id,
        at,
        max(through) AS total,
        max(is_rest) AS rest,
        groupArray((
            manager_id,
            pod_id,
            lead_id,
            least(through - share, toInt64(10000)),
            if(is_rest = 1, toInt64(10000), least(through, toInt64(10000)))
        )) AS held
    FROM
    (
        SELECT
            account_id,
            at,
            manager_id,
            pod_id,
            lead_id,
            share,
            is_rest,
            sum(share) OVER (
                PARTITION BY account_id, at ORDER BY is_rest, since DESC, event_id DESC ROWS UNBOUNDED PRECEDING
            ) AS through
        FROM
        (
            -- Where one ends stands a row of nobody, so that there is a moment also when nobody comes after.
            SELECT
                account_id,
                arrayJoin(arrayFilter(each -> each >= since AND each <= until, moments)) AS at,
                since,
                event_id,
                if(at < until, manager_id, '') AS manager_id,
                if(at < until, pod_id, '') AS pod_id,
                if(at < until, lead_id, '') AS lead_id,
                if(at < until, share, 0) AS share,
                if(at < until, is_rest, 0) AS is_rest
            FROM
            (
                SELECT *, groupUniqArrayArray([since, until]) OVER (PARTITION BY account_id) AS moments FROM ${cx}.credit_told
            )
        )
    )
    GROUP BY account_id, at
)
WHERE at < ${end_of_days}
