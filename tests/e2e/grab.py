"""Saves a picture of the whole X screen: grab.py FILE.png."""

import sys

from PySide6.QtGui import QGuiApplication

application = QGuiApplication(sys.argv[:1])
picture = application.primaryScreen().grabWindow(0)
sys.exit(0 if picture.save(sys.argv[1]) else "the picture could not be saved")
