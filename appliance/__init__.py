"""A pair of appliances that moves virtual machines from VMware to CloudStack."""
