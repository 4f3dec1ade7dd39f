# SPDX-License-Identifier: MIT
"""The verdicts as a page that needs nothing but itself."""
import html
import os

GROUPS = {'1': 'Framing', '2': 'Pings and pongs', '3': 'Reserved bits', '4': 'Opcodes', '5': 'Fragmentation',
          '6': 'UTF-8', '7': 'Closing', '9': 'Sizes and speed', '10': 'Messages cut into frames',
          '12': 'Compression', '13': 'Compression, agreed on'}

PAGE = '''<!doctype html>
<html lang="en"><meta charset="utf-8"><title>weft: conformance</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 90em; padding: 0 1em; color: #222 }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: .15em .8em .15em 0; vertical-align: top; border-bottom: 1px solid #ddd }}
td.ok {{ color: #176b2c }} td.failed {{ color: #b00020; font-weight: bold }} td.ok, td.failed {{ white-space: nowrap }}
</style>
<h1>weft: conformance</h1>
<p>{summary}</p>
{groups}
</html>
'''


def verdict(result):
    if result is None:
        return '<td>'
    wrong, ms = result
    if wrong:
        return f'<td class="failed">FAILED: {html.escape(wrong)}'
    return f'<td class="ok">OK, {ms:.0f} ms'


def row(case, results, sides):
    expected = '; '.join(text for step in case.steps for text in step.expects())
    return (f'<tr><td>{case.ident}<td>{html.escape(case.does)}<td>{html.escape(expected)}'
            + ''.join(verdict(results.get((case.ident, side))) for side in sides))


def write(path, cases, results):
    groups = []
    sides = list(dict.fromkeys(side for _, side in results))
    for number, title in GROUPS.items():
        rows = [row(c, results, sides) for c in cases if c.ident.split('.')[0] == number]
        if rows:
            groups.append(f'<h2>{number} {title}</h2>\n<table><tr><th>case<th>what is done<th>what is expected'
                          + ''.join(f'<th>as {side}' for side in sides) + '\n' + '\n'.join(rows) + '\n</table>')
    failed = sum(1 for wrong, _ in results.values() if wrong)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as f:
        f.write(PAGE.format(summary=f'{len(results) - failed} passed, {failed} failed', groups='\n'.join(groups)))
