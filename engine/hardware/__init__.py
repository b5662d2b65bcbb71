"""What this machine is: values in `report`, one module per probe, measured bandwidths."""
