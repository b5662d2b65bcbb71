"""Numbers as people read them, in the language of the window."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def format_bytes(size: float) -> str:
    """Binary units: 4_939_212_390 is "4.6 GiB"."""
    unit = 0
    while abs(size) >= 1024 and unit < len(_UNITS) - 1:
        size /= 1024
        unit += 1
    decimals = 0 if unit == 0 or abs(size) >= 100 else 1
    return f"{QLocale().toString(float(size), 'f', decimals)} {_UNITS[unit]}"


def format_rate(bytes_per_second: float) -> str:
    """Transfer and memory rates; decimal units, as vendors of memory and disks give them."""
    for unit, step in (("GB/s", 1e9), ("MB/s", 1e6), ("kB/s", 1e3)):
        if bytes_per_second >= step:
            return f"{QLocale().toString(bytes_per_second / step, 'f', 1)} {unit}"
    return f"{QLocale().toString(float(bytes_per_second), 'f', 0)} B/s"


def format_tokens_per_second(rate: float) -> str:
    """ "8.4" or "92": two digits that mean something."""
    return QLocale().toString(float(rate), "f", 1 if rate < 10 else 0)


def format_share(share: float) -> str:
    """ "4 %", or "0.3 %" where a whole one would say too little; 0.04 is four percent. "4%" in Chinese."""
    percent = share * 100
    sign = "%" if QLocale().language() == QLocale.Language.Chinese else " %"
    return QLocale().toString(float(percent), "f", 1 if 0 < percent < 1 else 0) + sign


def format_count(number: int) -> str:
    """With the language's group separators."""
    return QLocale().toString(number)


def format_seconds(seconds: float) -> str:
    """ "45 s", "3 min 20 s", "2 h 5 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return QCoreApplication.translate("Durations", "{seconds} s").format(seconds=whole)
    if whole < 3600:
        text = QCoreApplication.translate("Durations", "{minutes} min {seconds} s")
        return text.format(minutes=whole // 60, seconds=whole % 60)
    text = QCoreApplication.translate("Durations", "{hours} h {minutes} min")
    return text.format(hours=whole // 3600, minutes=whole % 3600 // 60)
