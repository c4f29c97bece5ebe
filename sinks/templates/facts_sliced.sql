SELECT *, ${slice} AS dimension_value
FROM ${cx}.${facts_view}
${where}
