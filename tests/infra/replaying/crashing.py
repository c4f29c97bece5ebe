"""A worker process of a replay that ends at a named point: `point:n` is its argument. Its inserts are small."""

import sys

from infra.replaying import worker
from streams.live.engine.crash_points import crash_at
from streams.replay import filler
from streams.replay.crash import POINTS

worker._AT_ONCE = 50
filler.RECORDS_AT_ONCE = 120

if __name__ == "__main__":
    sys.exit(worker.main(crash_at(sys.argv[1], POINTS)))
