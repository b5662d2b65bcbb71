"""Pure functions from values to plans: memory, speed, tiers, recommendation. No I/O."""
