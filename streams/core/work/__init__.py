"""Work for accounts: projects with their stages, tasks with their deadlines."""
