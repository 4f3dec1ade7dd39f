# SPDX-License-Identifier: MIT
"""Bars as SVG: groups of them, each with its quartiles as a whisker and its value in words."""

from html import escape

COLOURS = {"ring": "#1f6feb", "poll": "#1f6feb", "binary": "#9ec5fe", "each": "#79a9f5",
           "raw": "#57606a", "bun": "#d9822b", "beast": "#2da44e", "lws": "#8250df", "ws": "#bf3989",
           "weft": "#1f6feb", "nchan": "#2da44e", "socketio": "#8250df"}
LEFT, BAR, GAP, WIDTH = 150, 16, 26, 760


def text(x, y, words, size=12, anchor="start", weight="normal"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}" '
            f'font-weight="{weight}">{escape(words)}</text>')


def bar(y, row, scale, end):
    """row: (name of the server, words, value, low, high, the value in words)"""
    name, words, value, low, high, shown = row
    length = min(value * scale, end)
    parts = [text(LEFT - 8, y + 12, words, anchor="end"),
             f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 2}" '
             f'fill="{COLOURS.get(name, "#57606a")}"/>']
    if value * scale > end:  # it goes on
        parts.append(f'<path d="M{LEFT + end - 14} {y - 1} l-5 {BAR} m6 0 l5 -{BAR}" stroke="#fff" '
                     f'stroke-width="3"/>')
    elif high > low:
        a, b, middle = LEFT + low * scale, LEFT + min(high * scale, end), y + BAR / 2 - 1
        parts.append(f'<path d="M{a:.1f} {middle} H{b:.1f}" stroke="#000" stroke-width="1.5"/>')
    parts.append(text(LEFT + length + 6, y + 12, shown, 11))
    return parts


def bars(title, groups):
    """groups: [(heading, [row])]. Each group has its own scale: six times its first bar is the longest."""
    y, parts = 34, [text(10, 20, title, 14, weight="bold")]
    for heading, rows in groups:
        end = WIDTH - LEFT - 130
        longest = min(max(r[2] for r in rows), 6 * rows[0][2]) or 1
        parts.append(text(10, y + 14, heading, weight="bold"))
        y += GAP
        for row in rows:
            parts += bar(y, row, end / longest, end)
            y += BAR
        y += 10
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" '
                      f'viewBox="0 0 {WIDTH} {y}" font-family="sans-serif">',
                      '<rect width="100%" height="100%" fill="#fff"/>', *parts, "</svg>", ""])
