"""What sources sent, out of `cx.raw.*`, into events of the contract: exactly once, and fairly between sources.

Read `judging.py` first (one record), then `backlog.py` (whose turn it is) and `runner.py` (loop and transaction).
"""
