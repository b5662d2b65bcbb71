"""The downloader against curl and aria2c, and against servers that misbehave."""
