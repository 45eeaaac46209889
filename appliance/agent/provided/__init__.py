"""Values that were given when the appliance was deployed. They fill fields of the set-up; they never apply themselves, and run nothing."""
