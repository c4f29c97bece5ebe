"""Work for accounts: projects, tasks, what of time and money was spent on them, and media plans."""
