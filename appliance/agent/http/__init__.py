"""One file of routes for each noun of the operator's API."""
