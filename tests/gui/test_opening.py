"""Files that macOS hands over by an event."""

from __future__ import annotations

import subprocess
import sys

# In a process of its own: there is one application in each.
PROGRAM = """
from PySide6.QtCore import QEvent, QObject, QUrl
from PySide6.QtGui import QFileOpenEvent
from gui.opening import Application

application = Application([])
application.file_opened.connect(print)
application.sendEvent(application, QFileOpenEvent(QUrl.fromLocalFile("/models/my model.gguf")))
application.sendEvent(application, QEvent(QEvent.Type.ApplicationActivate))
application.postEvent(application, QFileOpenEvent(QUrl.fromLocalFile("/models/another.gguf")))
application.processEvents()
"""


def test_files_that_the_system_opens_are_told() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["/models/my model.gguf", "/models/another.gguf"]
