"""How long records are kept, and the job that removes what is older."""
