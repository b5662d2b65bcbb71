"""What every JSON text is made of, as GBNF. White space and digits are bounded, because a small
model may otherwise write them for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

RULES: Mapping[str, str] = MappingProxyType(
    {
        "value": "object | array | string | number | boolean | null",
        "object": '"{" ws ( member ( ws "," ws member )* ws )? "}"',
        "member": 'string ws ":" ws value',
        "array": '"[" ws ( value ( ws "," ws value )* ws )? "]"',
        "string": r'"\"" character* "\""',
        "character": r'[^"\\\x00-\x1F\x7F] | "\\" ( ["\\/bfnrt] | "u" code )',
        # No halves of surrogate pairs: two escapes would be one character, or none.
        "code": "[0-9a-cA-CefEF] [0-9a-fA-F]{3} | [dD] [0-7] [0-9a-fA-F]{2}",
        "number": '"-"? natural-number',
        "natural-number": 'whole ( "." [0-9]{1,15} )? ( [eE] [-+]? [0-9]{1,2} )?',
        "integer": '"-"? whole',
        "whole": '"0" | [1-9] [0-9]{0,14}',
        "boolean": '"true" | "false"',
        "null": '"null"',
        "ws": r'"" | " " | "\n" [ \t]{0,20}',
    }
)

# Of the years 100 to 9999, so that every calendar knows them.
_YEAR = '( [1-9] [0-9] [0-9] [0-9] | "0" [1-9] [0-9] [0-9] )'
_FOURTH = '( "0" [48] | [2468] [048] | [13579] [26] )'
_LEAP_YEAR = f'( ( [1-9] [0-9] | "0" [1-9] ) {_FOURTH} | ( "0" [48] | [2468] [048] | [13579] [26] ) "00" )'
_DATE = (
    f'( {_YEAR} "-" ( ( "0" [13578] | "1" [02] ) "-" ( "0" [1-9] | [12] [0-9] | "3" [01] )'
    ' | ( "0" [469] | "11" ) "-" ( "0" [1-9] | [12] [0-9] | "30" )'
    ' | "02-" ( "0" [1-9] | "1" [0-9] | "2" [0-8] ) )'
    f' | {_LEAP_YEAR} "-02-29" )'
)
_HOUR = '( [01] [0-9] | "2" [0-3] )'
_TIME = (
    f'{_HOUR} ":" [0-5] [0-9] ":" [0-5] [0-9] ( "." [0-9]{{1,9}} )? ( "Z" | [-+] {_HOUR} ":" [0-5] [0-9] )'
)
_BYTE = '( "25" [0-5] | "2" [0-4] [0-9] | "1" [0-9] [0-9] | [1-9]? [0-9] )'
_HEX = "[0-9a-fA-F]"
_DURATION = '"P" ( [0-9]{1,4} [YMD] ( "T" [0-9]{1,4} [HMS] )? | "T" [0-9]{1,4} [HMS] )'
_GROUP = f"{_HEX}{{1,4}}"
_IPV6 = " | ".join(
    [f'{_GROUP} ( ":" {_GROUP} ){{7}}']
    + [
        " ".join(
            [f'{_GROUP} ( ":" {_GROUP} ){{{before - 1}}}'] * bool(before)
            + ['"::"']
            + [f'( {_GROUP} ( ":" {_GROUP} ){{0,{6 - before}}} )?'] * (before < 7)
        )
        for before in range(8)
    ]
)
_LABEL = "[a-zA-Z0-9] ( [a-zA-Z0-9-]{0,20} [a-zA-Z0-9] )?"
_HOSTNAME = f'{_LABEL} ( "." {_LABEL} ){{0,6}}'
_ATOM = "[a-zA-Z0-9_+-]{1,20}"
_OF_A_PATH = f'( [a-zA-Z0-9/._~!$&()*+,;=:@-] | "%" {_HEX} {_HEX} ){{0,200}}'
_URI = (
    f'[a-z] [a-z0-9]{{1,9}} "://" {_HOSTNAME} ( ":" [1-9] [0-9]{{0,3}} )?'
    f' ( "/" {_OF_A_PATH} )? ( "?" {_OF_A_PATH} )?'
)


@dataclass(frozen=True, slots=True)
class Format:
    text: str  # GBNF
    shortest: int  # characters
    longest: int


# Each allows nothing but texts of that format, though not every one of them.
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "date": Format(_DATE, 10, 10),
        "time": Format(_TIME, 9, 24),
        "date-time": Format(f'{_DATE} "T" {_TIME}', 20, 35),
        "duration": Format(_DURATION, 3, 12),
        "uuid": Format(
            f'{_HEX}{{8}} "-" {_HEX}{{4}} "-" {_HEX}{{4}} "-" {_HEX}{{4}} "-" {_HEX}{{12}}', 36, 36
        ),
        "ipv4": Format(f'{_BYTE} "." {_BYTE} "." {_BYTE} "." {_BYTE}', 7, 15),
        "ipv6": Format(f"( {_IPV6} )", 2, 39),
        "hostname": Format(_HOSTNAME, 1, 160),
        "email": Format(f'{_ATOM} ( "." {_ATOM} ){{0,2}} "@" {_HOSTNAME}', 3, 223),
        **dict.fromkeys(("uri", "uri-reference", "iri", "iri-reference"), Format(_URI, 6, 1380)),
    }
)
# Those of the standard that no grammar here writes down. Any other says what a text means, and
# constrains nothing.
UNWRITTEN_FORMATS = frozenset(
    {"idn-email", "idn-hostname", "uri-template", "json-pointer", "relative-json-pointer", "regex"}
)
