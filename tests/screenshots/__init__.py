"""Pictures of every page, made by the real window over a desk that answers with made-up values."""
