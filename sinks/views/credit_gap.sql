/*
comment: >-
  Accounts whose shares are not all of it: above, when more than all was told of, and the earlier assignments have what the later
  ones leave; below, when nobody owns what the shares leave, which is then nobody's
columns:
  account_id: Account
  from_at: From when it is so, UTC
  until_at: Until when, UTC, exclusive; the year 2149 while no end is known
  gap: above or below
  told_percent: All shares that are told of, in percent
  managers: Managers who have a part then
  is_now: 1 when it is so now
*/
SELECT
    account_id,
    at AS from_at,
    next AS until_at,
    if(told > 10000, 'above', 'below') AS gap,
    toDecimal64(told, 2) / 100 AS told_percent,
    arraySort(arrayDistinct(arrayFilter(each -> each != '', tupleElement(parts, 1)))) AS managers,
    toUInt8(at <= ${now} AND next > ${now}) AS is_now
FROM ${cx}.credit_stage
WHERE told > 10000 OR (told > 0 AND told < 10000 AND has_rest = 0)
