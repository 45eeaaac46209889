"""Back-ups of one appliance: its records, its keys and its identity in one sealed file, and the way back."""
