SELECT ${columns}
FROM (${branch})
