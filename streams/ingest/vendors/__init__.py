"""What each vendor sends, in events of the contract: one module per vendor, all of them pure."""
