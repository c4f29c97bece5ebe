SELECT *, ${whole}
FROM (${union})
