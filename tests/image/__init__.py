"""The appliances' images, booted: what an operator sees and can do on the machine itself.

The tests in test_boot_*.py need images that were built; `make test-image` builds them and runs these tests, `make test` leaves them out.
"""
