"""What every JSON text is made of, as GBNF. White space and digits are bounded, because a small
model may otherwise write them for ever."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

RULES: Mapping[str, str] = MappingProxyType(
    {
        "value": "object | array | string | number | boolean | null",
        "object": '"{" ws ( member ( ws "," ws member )* ws )? "}"',
        "member": 'string ws ":" ws value',
        "array": '"[" ws ( value ( ws "," ws value )* ws )? "]"',
        "string": r'"\"" character* "\""',
        "character": r'[^"\\\x00-\x1F\x7F] | "\\" ( ["\\/bfnrt] | "u" [0-9a-fA-F]{4} )',
        "number": '"-"? natural-number',
        "natural-number": 'whole ( "." [0-9]{1,15} )? ( [eE] [-+]? [0-9]{1,2} )?',
        "integer": '"-"? whole',
        "whole": '"0" | [1-9] [0-9]{0,14}',
        "boolean": '"true" | "false"',
        "null": '"null"',
        "ws": r'"" | " " | "\n" [ \t]{0,20}',
    }
)

_DATE = '[0-9]{4} "-" ( "0" [1-9] | "1" [0-2] ) "-" ( "0" [1-9] | [12] [0-9] | "3" [01] )'
_HOUR = '( [01] [0-9] | "2" [0-3] )'
_TIME = (
    f'{_HOUR} ":" [0-5] [0-9] ":" [0-5] [0-9] ( "." [0-9]{{1,9}} )? ( "Z" | [-+] {_HOUR} ":" [0-5] [0-9] )'
)
_BYTE = '( "25" [0-5] | "2" [0-4] [0-9] | "1" [0-9] [0-9] | [1-9]? [0-9] )'
_HEX = "[0-9a-fA-F]"

# Other formats say what a text means, and constrain nothing.
FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "date": _DATE,
        "time": _TIME,
        "date-time": f'{_DATE} "T" {_TIME}',
        "uuid": f'{_HEX}{{8}} "-" {_HEX}{{4}} "-" {_HEX}{{4}} "-" {_HEX}{{4}} "-" {_HEX}{{12}}',
        "ipv4": f'{_BYTE} "." {_BYTE} "." {_BYTE} "." {_BYTE}',
    }
)
