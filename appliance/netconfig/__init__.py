"""The appliance's own network: wanted settings, rendered files, the trial, and what really is."""
