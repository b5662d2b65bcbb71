"""One engine per user: a process that owns the models, and the client that attaches to it."""
