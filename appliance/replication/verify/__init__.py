"""Verification: blocks of the copy are compared with the source at a held snapshot, and differing ones are copied again."""
