"""Running models: the worker process, its scheduler, its supervisor and the client's side of the channel."""
