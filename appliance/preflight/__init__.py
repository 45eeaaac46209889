"""Looks before something is done: facts are gathered from everybody at once, and pure functions make checks of them."""
