"""Writes html_entities.inc, HTML5's named character references, from Python's html.entities.

Run in this folder: python3 html_entities.py
"""

from html.entities import html5


def row(name):
    points = [ord(c) for c in html5[name + ";"]] + [0]
    return '{"%s", 0x%X, 0x%X, %d}' % (name, points[0], points[1], name in html5)


def main():
    lines = [""]
    for name in sorted(name[:-1] for name in html5 if name.endswith(";")):
        entry = row(name) + ","
        if len(lines[-1]) + len(entry) >= 120:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + entry
    with open("html_entities.inc", "w", encoding="ascii", newline="\n") as out:
        out.write("/* {name, code point, second code point or 0, 1 when valid without a semicolon}; by html_entities.py. */\n")
        out.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
