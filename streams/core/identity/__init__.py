"""Account identity: which accounts are one customer, and which names in other systems are theirs."""
