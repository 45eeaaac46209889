"""The 443 front door, pairing, the SSH session, data sessions and the dialler."""
