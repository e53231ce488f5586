"""Asset names that a careless client would write outside its folder or print to a terminal."""

from __future__ import annotations

__all__ = ["HOSTILE_NAMES"]

HOSTILE_NAMES = (
    "../../outside.txt",
    "/etc/passwd-copy",
    "..\\..\\outside.txt",
    "C:\\Windows\\outside.txt",
    "\\\\server\\share\\x",
    "a/../../b",
    "..",
    ".",
    "",
    "CON",
    "nul.txt",
    "trailing. ",
    "stream.txt:ads",
    "x" * 300,
    "ü" * 200,
    "/".join(["d"] * 200) + "/f",
    "nul\x00byte",
    "new\nline",
    "\x1b[31mred\x1b]52;c;Zm9v\x07",
    "right-to-left \u202egnp.exe",
    "c1 \x9b31m",
    "-rf",
    "~root",
    "=cmd()",
    "+1",
    "@sum",
    "\tleading",
    "same.txt",
    "same.txt",
    "SAME.TXT",
    "caf\u00e9.txt",
    "cafe\u0301.txt",
    "double//slash",
    "dir/",
    "%2e%2e%2fencoded",
)
"""In this order; `same.txt` is there twice, and two pairs differ by case or normal form only."""
