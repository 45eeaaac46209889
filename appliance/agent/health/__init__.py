"""What an OMA does about jobs, VMs and peers of which nothing was heard: at its start, and every two minutes."""
