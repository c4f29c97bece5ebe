"""The runbooks that checks name."""

LAG, CLICKHOUSE, BROKER = "lag-grows.md", "clickhouse-down.md", "broker-down.md"
POISON, WRONG, DISK, DEPLOY = "poison-flood.md", "wrong-numbers.md", "disk-full.md", "bad-deploy.md"
REBUILD = "rebuild-everything.md"
