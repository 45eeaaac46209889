"""What each role answers to its peer."""
