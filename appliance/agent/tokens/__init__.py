"""API tokens: who comes in with which role, and how often."""
