"""The agent: composition root, configuration, HTTP and recovery."""
