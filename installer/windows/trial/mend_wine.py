"""Four functions of the C runtime that wine lacks, and NumPy calls as it is loaded.

python3 mend_wine.py .../ucrtbase.dll

wine's stand-ins for them end the program. They are overwritten in the file, with what the functions do.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

# x86-64, as Windows calls: 16 bytes by their address in rcx, 8 bytes in rcx itself; the answer in xmm0
CODE = {
    "creal": "f2 0f 10 01 c3",  # movsd xmm0, [rcx]; ret
    "cimag": "f2 0f 10 41 08 c3",  # movsd xmm0, [rcx + 8]; ret
    "crealf": "66 0f 6e c1 c3",  # movd xmm0, ecx; ret
    "cimagf": "48 c1 e9 20 66 0f 6e c1 c3",  # shr rcx, 32; movd xmm0, ecx; ret
}


def offsets(library: bytes) -> dict[str, int]:
    """Where exported functions begin in the file."""

    def words(at: int, form: str) -> tuple[int, ...]:
        return struct.unpack_from("<" + form, library, at)

    (header,) = words(0x3C, "I")
    sections, options = words(header + 6, "H")[0], words(header + 20, "H")[0]
    table = [words(header + 24 + options + 40 * number + 8, "4I") for number in range(sections)]

    def place(address: int) -> int:
        for size, start, stored, at in table:
            if start <= address < start + max(size, stored):
                return address - start + at
        raise SystemExit("not a library that this script understands")

    exports = place(words(header + 24 + 112, "I")[0])
    count, functions, names, numbers = words(exports + 24, "4I")
    found = {}
    for number in range(count):
        at = place(words(place(names) + 4 * number, "I")[0])
        (index,) = words(place(numbers) + 2 * number, "H")
        name = library[at : library.index(b"\0", at)].decode("ascii")
        found[name] = words(place(functions) + 4 * index, "I")[0]
    return {name: place(found[name]) for name in CODE}


def main(path: Path) -> None:
    library = bytearray(path.read_bytes())
    for name, offset in offsets(bytes(library)).items():
        code = bytes.fromhex(CODE[name])
        library[offset : offset + len(code)] = code
    path.write_bytes(library)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
