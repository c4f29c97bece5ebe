"""Where the state of one partition lives while a worker owns it."""
