# SPDX-License-Identifier: MIT
"""The section of docs/performance.md about channels, and its picture, from what bench/channels.py returns."""

from statistics import median, quantiles

import plot
import servers
from tables import table

HEADING = "Channels"
WINDOW = 8 << 20  # docs/channels.md, section 2: of weft's channels
SATURATED = 0.97  # of a core
BUSY = 0.5  # load, before
COLUMNS = ("weft", *servers.CHANNEL_NAMES)
READ = {"ws": "WebSocket", "sse": "Server-Sent Events", "stream": "lines of JSON", "raw": "raw stream", "longpoll": "long poll"}
SAID = {"post": "POST, 16 connections that are kept", "ws": "WebSocket, 8 in flight, one listens"}

ABOUT = """`weft serve` beside nginx with nchan (one worker), `server.publish` of Bun, a set of sockets with ws, and a room of
Socket.IO by WebSocket alone: a path is a channel. Each is started for each measurement, alone on its core; shown are
medians of the rounds, and behind them in brackets how many times weft's, the median of the ratios within each round.
Who has no such transport has an empty cell. Messages are text of 125 bytes. `weft bench` is the load; for Socket.IO a node
program with its own client, whose limits are in the latencies. `g`: the generator was busy all the time."""

SILENT = """One of {crowd:,} subscribers by WebSocket does not read. Before the others come, 10 MiB are published, so his socket is
full; then five messages a second, and latency counts from when each was due. Without and with him, each on a server of
its own. `kept` is how much more is resident before the others come; `peak` the same of the most that ever was, which differs
from run to run anyway. CPU is ns of the server's for each delivery."""

RESUME = """{crowd:,} clients are connected and ask at the same moment for what they have missed: 50 messages of 100 that are kept.
Time is until all have all of it, CPU is the server's for each of them, memory the most that was resident. The crowd is one
thread of Python on the other core: `reading` is what it needs for itself, and no time can be less."""


# ---- numbers ------------------------------------------------------------------------------------


class Cells:
    def __init__(self, results):
        self.kept = {(c["part"], c["row"], c["name"]): c["rounds"] for c in results["cells"]}

    def rounds(self, part, row, name):
        return self.kept.get((part, row, name), {})

    def values(self, part, row, name, what):
        return [r[what] for r in self.rounds(part, row, name).values() if what in r]

    def median(self, part, row, name, what):
        values = self.values(part, row, name, what)
        return median(values) if values else None

    def against_weft(self, part, row, name, what):
        ours, theirs = self.rounds(part, row, "weft"), self.rounds(part, row, name)
        shared = [theirs[n][what] / ours[n][what] for n in theirs if n in ours]
        return median(shared) if shared else None


def cost(cells, part, row, name, what):
    value = cells.median(part, row, name, what)
    if value is None:
        return ""
    ratio = None if name == "weft" else cells.against_weft(part, row, name, what)
    busy = cells.values(part, row, name, "generator")
    return f"{value:,.0f}" + (f" ({ratio:.1f}x)" if ratio else "") + (" g" if busy and median(busy) >= SATURATED else "")


def times(cells, part, row, name, _):
    p50, p99 = (cells.median(part, row, name, what) for what in ("p50", "p99"))
    return f"{p50:,.0f} / {p99:,.0f}" if p50 else ""


def matrix(cells, part, rows, what, shown=cost):
    """Servers side by side; rows and columns of which nothing was measured are left out."""
    names = [n for n in COLUMNS if any(cells.rounds(part, row, n) for row in rows)]
    return table(["", *(servers.NAMES[n] for n in names)],
                 [[words, *(shown(cells, part, row, n, what) for n in names)] for row, words in rows.items()
                  if any(cells.rounds(part, row, n) for n in names)])


# ---- parts --------------------------------------------------------------------------------------


def fan_out(cells, o):
    return [f"**Fan-out to {o['subscribers']:,}: server CPU ns per delivery**", matrix(cells, "fan-out", READ, "ns"),
            "**The same: latency of a delivery p50 / p99, us**. The next message goes out when all have the last one.",
            matrix(cells, "fan-out", READ, "", times)]


def publishing(cells, _):
    return ["**Publishing: server CPU ns per message**. By WebSocket it is delivered to two, who publishes and who listens.",
            matrix(cells, "publish", SAID, "ns"), "**The same: latency p50 / p99, us**", matrix(cells, "publish", SAID, "", times)]


def memory(cells, o):
    return [f"**An idle subscriber of {o['idle']:,}: bytes resident**", matrix(cells, "idle", READ, "bytes")]


def silent_row(cells, name):
    def of(what, unit, form):
        return form.format(cells.median("silent", "", name, what) / unit)

    compared = [of(what + more, 1 if more == " ratio" else unit, "{:.2f}x" if more == " ratio" else form)
                for what, unit, form in (("p50", 1000, "{:,.0f}"), ("p99", 1000, "{:,.0f}"), ("ns", 1, "{:,.0f}"))
                for more in ("", " with", " ratio")]
    return [servers.NAMES[name], *compared, *(of(what, 1 << 20, "{:+,.1f}") for what in ("kept more", "peak more"))]


def silent(cells, o):
    rows = [silent_row(cells, n) for n in COLUMNS if cells.rounds("silent", "", n)]
    return ["**One who does not read**", SILENT.format(**o),
            table(["server", "p50 without, ms", "with", "", "p99 without, ms", "with", "", "CPU without", "with", "", "kept, MiB",
                   "peak, MiB"], rows)]


def resume_row(cells, name, via):
    seconds, us, peak, reading = (cells.median("resume", via, name, what) for what in ("seconds", "us", "peak", "reading"))
    return [f"{servers.NAMES[name]}, {READ[via]}", f"{seconds:.2f}", f"{reading:.2f}", f"{us:,.1f}", f"{peak / (1 << 20):,.0f}"]


def resume(cells, o):
    rows = [resume_row(cells, n, via) for via in READ for n in COLUMNS if cells.rounds("resume", via, n)]
    return ["**A crowd that resumes**", RESUME.format(**o),
            table(["server", "all have all, s", "reading, s", "CPU us each", "memory, MiB"], rows)]


# ---- the section --------------------------------------------------------------------------------


def is_busy(results):
    return float(results["about"]["load before"].split()[0]) > BUSY


def target_row(words, wanted, value, form, limit):
    if value is None:
        return [words, wanted, "not measured", ""]
    return [words, wanted, form.format(value), "met" if value <= limit else "**missed**"]


def on_a_busy_machine(row):
    """Times tell nothing there, either way."""
    return [*row[:3], "a busy machine"]


def targets(cells, o, busy):
    def of_silent(what):
        return cells.median("silent", "", "weft", what)

    kept = of_silent("kept more")
    rows = [target_row(f"one of {o['crowd']:,} does not read: {what} of the others", "<= 1.10x", of_silent(f"{what} ratio"),
                       "{:.3f}x", 1.1) for what in ("p50", "p99")]
    rows = [on_a_busy_machine(row) for row in rows] if busy else rows
    rows.append(target_row("and what the server keeps for him", "<= 8 MiB, a window",
                           kept and kept / (1 << 20), "{:.1f} MiB", WINDOW / (1 << 20)))
    return ["**Targets**", table(["", "target", "measured", ""], rows)]


def bar(cells, via, name, words):
    values = cells.values("fan-out", via, name, "ns")
    low, _, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return name, words, median(values), low, high, f"{median(values):,.0f}"


def picture(cells):
    """A group for each transport that several have, and one of weft's."""
    groups, ours = [], []
    for via, words in READ.items():
        names = [n for n in COLUMNS if cells.rounds("fan-out", via, n)]
        if len(names) > 1:
            groups.append((words, [bar(cells, via, n, servers.NAMES[n]) for n in names]))
        ours += [bar(cells, via, "weft", words)] if "weft" in names else []
    return plot.bars("Fan-out: server CPU ns per delivery, less is better", groups + ([("weft, by transport", ours)] if ours else []))


def circumstances(results):
    about, o = results["about"], results["options"]
    lines = [f"Up to {o['rounds']} rounds of {o['duration']:,} ms, after as long as warm-up; {about['date']}, load before "
             f"{about['load before']}; {about['weft']}; nchan {about['nchan'] or 'none'}, Bun {about['Bun'] or 'none'}, ws "
             f"{about['ws'] or 'none'}, Socket.IO {about['Socket.IO'] or 'none'}."]
    lines += ["The machine did other things meanwhile: the ratios of CPU are of use, the latencies and times are those of a busy "
              "machine."] if is_busy(results) else []
    lines += [f"{servers.NAMES[name]} was skipped: {why}." for name, why in results["skipped"].items()]
    lines += [f"Not always measured: {why}" for why in results["failed"]]
    return "\n\n".join(lines)


def section(results):
    """(the text, {name of a picture: SVG})"""
    cells, o = Cells(results), results["options"]
    parts = [f"## {HEADING}", ABOUT, circumstances(results), *targets(cells, o, is_busy(results)),
             f"![{HEADING}](performance/channels.svg)"]
    for part in (fan_out, publishing, memory, silent, resume):
        parts += part(cells, o)
    return "\n\n".join(parts), {"channels.svg": picture(cells)}


def in_place(page, text):
    """The page with this section in place of the one that it has."""
    begin = page.index(f"\n## {HEADING}\n") + 1
    end = page.index("\n## ", begin)
    return page[:begin] + text + "\n" + page[end:]
