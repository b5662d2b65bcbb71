"""See document.py."""

from __future__ import annotations

import sys

from tests.advice.document import DOCUMENT, difference, document


def main() -> int:
    made = document()
    if "--check" in sys.argv[1:]:
        found = difference(DOCUMENT.read_text("utf-8"), made)
        if found:
            print(f"docs/advice.md is out of date ({found}): python -m tests.advice")
        return 1 if found else 0
    DOCUMENT.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
