"""On-call tools: rebuild a generation, compare it, promote it."""
