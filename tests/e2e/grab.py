"""Saves a picture of the X screen, or of one window on it: grab.py FILE.png [WINDOW].

A window that is just being mapped, moved or resized has no picture for a moment, which a loaded machine
makes longer: then another one is taken.
"""

import sys
import time

from PySide6.QtGui import QGuiApplication

_PATIENCE_SECONDS = 20.0

application = QGuiApplication(sys.argv[:1])
window = int(sys.argv[2]) if len(sys.argv) > 2 else 0
deadline = time.monotonic() + _PATIENCE_SECONDS
picture = application.primaryScreen().grabWindow(window)
while picture.isNull() and time.monotonic() < deadline:
    time.sleep(0.2)
    picture = application.primaryScreen().grabWindow(window)
if picture.isNull():
    sys.exit(f"window {window} has no picture")
sys.exit(0 if picture.save(sys.argv[1]) else f"{sys.argv[1]} could not be written")
