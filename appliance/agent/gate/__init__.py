"""The vendor's shell: closed until an answer signed by the vendor opens it for one shell."""
