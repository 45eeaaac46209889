"""What agents, consoles and peers say to each other: types, errors, the APIs and their client."""
