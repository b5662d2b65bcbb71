"""What the machine is doing now: a sampler and ring-buffer series."""
