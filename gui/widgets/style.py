"""From the table of colours to the application's look: Fusion, a palette and a short style sheet."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from gui.widgets.fonts import register_fonts, ui_font
from gui.widgets.theme import DARK, LIGHT, ThemeSource, Tokens, with_contrast

_MORE = getattr(getattr(Qt, "ContrastPreference", None), "HighContrast", None)


class Style(QObject):
    """Keeps the application's palette and style sheet in step with the chosen theme.

    `choose("system")` follows the desktop as it changes between light and dark; a desktop
    that does not tell counts as light.
    """

    def __init__(self, application: QApplication, theme: ThemeSource) -> None:
        super().__init__(application)
        self._application = application
        self._theme = theme
        self._choice = "system"
        self._contrast = "system"
        self._flash_ms = application.styleHints().cursorFlashTime()
        application.setStyle("Fusion")
        register_fonts()
        application.setFont(ui_font())
        application.styleHints().colorSchemeChanged.connect(self._follow)

    def choose(self, choice: str) -> None:
        """`choice` is "system", "light" or "dark"."""
        self._choice = choice
        self._apply()

    def choose_contrast(self, contrast: str) -> None:
        """`contrast` is "system", "usual" or "more"."""
        self._contrast = contrast
        self._apply()

    def choose_motion(self, motion: str) -> None:
        """`motion` is "system", "usual" or "less". Qt 6.11 does not tell what a desktop prefers, but for a
        caret that does not blink: whoever switched that off wants no more motion here."""
        self._theme.calm = motion == "less" or (motion == "system" and self._flash_ms <= 0)
        flash = 0 if self._theme.calm else max(self._flash_ms, 1000)
        self._application.setCursorFlashTime(flash)

    def _follow(self) -> None:
        if self._choice == "system":
            self._apply()

    def _apply(self) -> None:
        tokens = self._wanted()
        self._application.setPalette(palette(tokens))
        sheet = style_sheet(tokens)
        if sheet != self._application.styleSheet():
            self._application.setStyleSheet(sheet)
        self._theme.show(tokens)

    def _wanted(self) -> Tokens:
        tokens = self._scheme()
        system = self._contrast == "system" and _wants_contrast(self._application)
        return with_contrast(tokens) if self._contrast == "more" or system else tokens

    def _scheme(self) -> Tokens:
        if self._choice == "system":
            dark = self._application.styleHints().colorScheme() == Qt.ColorScheme.Dark
            return DARK if dark else LIGHT
        return DARK if self._choice == "dark" else LIGHT


def _wants_contrast(application: QApplication) -> bool:
    """What the desktop says, where Qt passes it on."""
    accessibility = getattr(application.styleHints(), "accessibility", None)
    return accessibility is not None and accessibility().contrastPreference() == _MORE


def palette(tokens: Tokens) -> QPalette:
    """The palette that Fusion and every widget of ours paints with."""
    role = QPalette.ColorRole
    colours = {
        role.Window: tokens.window,
        role.WindowText: tokens.text,
        role.Base: tokens.field,
        role.AlternateBase: tokens.hover,
        role.Text: tokens.text,
        role.Button: tokens.surface,
        role.ButtonText: tokens.text,
        role.BrightText: tokens.on_accent,
        role.ToolTipBase: tokens.surface,
        role.ToolTipText: tokens.text,
        role.PlaceholderText: tokens.muted,
        role.Highlight: tokens.selection,
        role.HighlightedText: tokens.text,
        role.Accent: tokens.accent,
        role.Link: tokens.accent,
        role.LinkVisited: tokens.accent,
        role.Mid: tokens.border,
        role.Dark: tokens.border,
        role.Light: tokens.surface,
        role.Shadow: tokens.border,
    }
    made = QPalette()
    for name, colour in colours.items():
        made.setColor(name, QColor(colour))
    for name in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, name, QColor(tokens.muted))
    return made


def style_sheet(tokens: Tokens) -> str:
    """Only what a palette cannot say: borders, corners, spacing, and the `kind` property of widgets."""
    return _SHEET.format(**{name: getattr(tokens, name) for name in Tokens.__slots__})


_SHEET = """
QToolTip {{ background: {surface}; color: {text}; border: 1px solid {border}; padding: 5px 7px; }}
QFrame[kind="side"], QWidget[kind="side"] {{ background: {side}; }}
QFrame[kind="card"] {{ background: {surface}; border: 1px solid {border}; border-radius: 10px; }}
QFrame[kind="card"][focused="true"] {{ border: 1px solid {accent}; }}
QFrame[kind="line"] {{ background: {border}; border: none; max-height: 1px; }}
QFrame[kind="notice"] {{ background: {field}; border: 1px solid {border}; border-radius: 8px; }}
QFrame[kind="failure"] {{ background: {field}; border: 1px solid {danger}; border-radius: 8px; }}
QLabel[kind="muted"] {{ color: {muted}; }}
QLabel[kind="badge"] {{ color: {muted}; border: 1px solid {border}; border-radius: 7px;
    padding: 0px 6px; }}
QLabel[kind="good"] {{ color: {good}; }}
QLabel[kind="warning"] {{ color: {warning}; }}
QLabel[kind="danger"] {{ color: {danger}; }}
QPushButton {{ background: {surface}; color: {text}; border: 1px solid {border}; border-radius: 8px;
    padding: 7px 14px; }}
QPushButton:hover {{ background: {hover}; }}
QPushButton:pressed, QPushButton:checked {{ background: {selected}; }}
QPushButton:focus {{ border: 1px solid {accent}; }}
QPushButton:disabled {{ color: {muted}; background: {field}; }}
QPushButton[kind="primary"] {{ background: {accent}; color: {on_accent}; border: 1px solid {accent}; }}
QPushButton[kind="primary"]:focus {{ border: 1px solid {text}; }}
QPushButton[kind="primary"]:disabled {{ background: {field}; color: {muted}; border: 1px solid {border}; }}
QPushButton[kind="flat"] {{ background: transparent; border: 1px solid transparent; text-align: left;
    padding: 7px 9px; }}
QPushButton[kind="flat"]:hover {{ background: {hover}; }}
QPushButton[kind="flat"]:checked {{ background: {selected}; }}
QPushButton[kind="flat"]:focus {{ border: 1px solid {accent}; }}
QPushButton[kind="flat"]::menu-indicator {{ image: none; width: 0px; }}
QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit {{ background: {field}; color: {text};
    border: 1px solid {border}; border-radius: 8px; padding: 6px 10px;
    placeholder-text-color: {muted};
    selection-background-color: {selection}; selection-color: {text}; }}
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus {{
    border: 1px solid {accent}; }}
QAbstractSpinBox {{ padding: 4px 10px 5px 10px; }}
QAbstractSpinBox QLineEdit {{ border: none; padding: 0px; background: transparent; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: 0px; border: none; }}
QComboBox::drop-down {{ border: none; width: 26px; }}
QComboBox QAbstractItemView, QMenu {{ background: {surface}; color: {text}; border: 1px solid {border};
    selection-background-color: {selected}; selection-color: {text}; outline: none; padding: 4px; }}
QMenu::item {{ padding: 6px 22px 6px 12px; border-radius: 6px; }}
QMenu::item:selected {{ background: {selected}; }}
QMenu::item:disabled {{ color: {muted}; }}
QMenu::separator {{ height: 1px; background: {border}; margin: 4px 8px; }}
QListView[kind="palette"] {{ background: {surface}; color: {text}; border: none; outline: none; }}
QListView[kind="palette"]::item {{ padding: 5px 8px; border-radius: 7px; color: {text}; }}
QListView[kind="palette"]::item:selected {{ background: {selected}; }}
QFrame[kind="chip"] {{ background: {surface}; border: 1px solid {border}; border-radius: 8px; }}
QKeySequenceEdit QLineEdit {{ padding: 4px 10px; }}
QListView[kind="side"], QTreeView[kind="side"] {{ background: {side}; border: none; outline: none; }}
QTreeView[kind="side"]::branch {{ background: {side}; border-image: none; image: none; }}
QListView[kind="page"] {{ background: {window}; border: none; outline: none; }}
QListView[kind="choice"] {{ background: {field}; color: {text}; border: 1px solid {border};
    border-radius: 8px; padding: 3px; outline: none; }}
QListView[kind="choice"]::item {{ padding: 5px 8px; border-radius: 6px; color: {text}; }}
QListView[kind="choice"]::item:hover {{ background: {hover}; }}
QListView[kind="choice"]::item:selected {{ background: {selected}; }}
QListView[kind="choice"]:focus {{ border: 1px solid {accent}; }}
QTreeView[kind="side"] QLineEdit {{ padding: 2px 6px; border-radius: 6px; }}
QTableWidget[kind="facts"] {{ background: {surface}; border: 1px solid {border}; border-radius: 8px;
    selection-background-color: {hover}; selection-color: {text}; outline: none; }}
QTableWidget[kind="facts"]:focus {{ border: 1px solid {accent}; selection-background-color: {selected}; }}
QTableWidget[kind="facts"]::item {{ padding: 5px 9px; border: none; }}
QTableWidget[kind="facts"] QHeaderView {{ background: transparent; border: none; }}
QTableWidget[kind="facts"] QHeaderView::section {{ background: {field}; color: {muted}; border: none;
    padding: 6px 9px 6px 12px; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {muted}; border-radius: 4px;
    background: {field}; }}
QCheckBox::indicator:checked {{ border: 1px solid {accent}; background: {accent}; }}
QCheckBox::indicator:checked:disabled {{ border: 1px solid {muted}; background: {muted}; }}
QScrollArea {{ background: transparent; border: none; }}
QScrollArea > QWidget > QWidget[kind="page"] {{ background: {window}; }}
QScrollArea > QWidget > QWidget[kind="side"] {{ background: {side}; }}
QProgressBar {{ background: {selected}; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 2px; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 2px; }}
QScrollBar::handle {{ background: {border}; border-radius: 3px; min-height: 28px; min-width: 28px; }}
QScrollBar::handle:hover {{ background: {muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0px; height: 0px; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""
