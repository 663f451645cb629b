"""Writes badness.inc, the classes of characters that occur in mojibake, from ftfy, and code_page.inc, their bytes in the
8-bit code pages, from Python's codecs.

Run in this folder: python3 mojibake_tables.py (with ftfy 6.3)
"""

import re

from ftfy.badness import MOJIBAKE_CATEGORIES
from ftfy.chardata import CHARMAP_ENCODINGS

NAMES = {"currency": "MONEY", "start_punctuation": "OPENING", "end_punctuation": "CLOSING", "kaomoji": "FACE",
         "upper_accented": "UPPER", "lower_accented": "LOWER"}


def write(path, title, rows):
    lines = [""]
    for row in rows:
        if len(lines[-1]) + len(row) > 118:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + row + ","
    with open(path, "w", encoding="ascii", newline="\n") as out:
        out.write(f"/* {title}; by mojibake_tables.py. */\n" + "".join(line + "\n" for line in lines))


def classes():
    """{first point, last point, classes} in the order of points."""
    patterns = {NAMES.get(name, name.upper()): re.compile(f"[{members}]") for name, members in MOJIBAKE_CATEGORIES.items()}
    runs = []
    for point in range(0x80, 0x10000):
        names = " | ".join(name for name, pattern in patterns.items() if pattern.match(chr(point)))
        if names and runs and runs[-1][1:] == [point - 1, names]:
            runs[-1][1] = point
        elif names:
            runs.append([point, point, names])
    return ["{0x%X, 0x%X, %s}" % tuple(run) for run in runs]


def bytes_by_point():
    """{point, {its byte in each code page, 0 where it has none}} in the order of points."""
    tables = [bytes(range(256)).decode(encoding) for encoding in CHARMAP_ENCODINGS]
    points = sorted({char for table in tables for char in table if char > "\x7f"})
    return ["{0x%X, {%s}}" % (ord(char), ", ".join(str(max(table.find(char), 0)) for table in tables)) for char in points]


if __name__ == "__main__":
    write("badness.inc", "{first point, last point, classes}", classes())
    write("code_page.inc", "{point, its bytes in the order of gaze_code_page, 0 for none}", bytes_by_point())
