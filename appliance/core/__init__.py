"""What every domain stands on: the store, jobs, the vault and the one runner of external programs."""
