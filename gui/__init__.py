"""The window: views over the engine's events. The only package that imports PySide6."""
