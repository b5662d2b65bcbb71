"""Conversations: immutable values, the SQLite store, and the parsing of streamed answers."""
