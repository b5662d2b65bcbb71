"""Saves a picture of the X screen, or of one window on it: grab.py FILE.png [WINDOW]."""

import sys

from PySide6.QtGui import QGuiApplication

application = QGuiApplication(sys.argv[:1])
window = int(sys.argv[2]) if len(sys.argv) > 2 else 0
picture = application.primaryScreen().grabWindow(window)
sys.exit(0 if picture.save(sys.argv[1]) else "the picture could not be saved")
