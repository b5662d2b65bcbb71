"""Which models exist: the shipped catalogue and the headers of GGUF files."""
