# SPDX-License-Identifier: MIT
"""From results to docs/performance.md and its pictures, or to words on a terminal."""

from statistics import median, quantiles

import channels_report
import plot
import servers
from tables import table
from workloads import WORKLOADS

SATURATED = 0.97  # of a core

GROUPS = [  # key, heading, what is to be known
    ("small", "Small messages", "Nearly all of it is the kernel's: the raw server does nothing else. What weft saves are system "
     "calls: one `io_uring_enter` sends what all connections have to say."),
    ("large", "Large messages, and text", "Unmasking, checking UTF-8 and copying count here. *weft, binary* is weft with binary "
     "messages of the same size, in the same rounds."),
    ("cast", "Broadcast", "One publisher, 1,000 subscribers; server CPU for each delivery. The raw server sends the same bytes "
     "with one `send` for each."),
    ("deflate", "Compression", "permessage-deflate, both sides without context takeover, JSON. Each server has its own default "
     "effort; how small it gets is below."),
    ("tls", "TLS", "TLS 1.3, a P-256 certificate. Connections are open before the clock starts."),
    ("open", "Opening handshakes", "TCP, the upgrade, and a reset."),
    ("latency", "Latency of one connection", "Round trips of one message at a time, in microseconds: both sides sleep and are woken, "
     "unless the server polls."),
]

READING = """## How to read it

* **Server CPU ns per message** is what the server's process used (the scheduler's clock, all
  threads), divided by the messages that were answered in that time. Messages per second are not
  shown: the generator and the kernel bound them, and with one core each they say less. Where the
  generator was busy all the time it is marked `g`: the figure is still the server's own time, but
  a faster generator could have made larger batches.
* **raw TCP** is [bench/raw.c](../bench/raw.c): epoll, one `recv` and one `send` for each wake-up,
  no parsing, no unmasking, replies from a static buffer. It is what the kernel costs; anything
  below it comes from fewer system calls.
* All servers of a workload run at the same time, pinned to the same core, and are measured **in
  turns**: a round measures each of them once, in another order each time. Shown are the **median
  of the rounds and the quartiles** (in brackets). Ratios are medians of the ratios within each
  round, so drift of the machine does not count. The slow peers play fewer rounds.
* Before it is measured each server is checked: every reply of a short run is compared with what
  was sent.
* **weft** is `weft serve` of the release build with default flags (`--batch ring` where the
  kernel allows it, `--threads 1`, sandbox on); **weft, --batch each** makes a system call for
  each connection. Peers are built with `-O3 -march=native`, weft is not. The sources of all of
  them are in [bench/peers](../bench/peers).
"""


# ---- numbers ------------------------------------------------------------------------------------


def spread(values):
    """(median, lower quartile, upper quartile)"""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, _, high = quantiles(values, n=4, method="inclusive")
    return median(values), low, high


def ratios(kept, other):
    """Within the rounds that both have played."""
    mine = dict(zip(kept["rounds"], kept["values"]))
    theirs = dict(zip(other["rounds"], other["values"]))
    return [mine[n] / theirs[n] for n in mine if n in theirs]


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def with_spread(values, form=number):
    middle, low, high = spread(values)
    return f"{form(middle)} [{form(low)}, {form(high)}]"


def two_digits(value):
    return f"{value:.2f}"


def three_digits(value):
    """For what is held against two: on which side it is has to be seen."""
    return f"{value:.3f}"


# ---- targets ------------------------------------------------------------------------------------


def who_of(workload):
    return "poll" if workload.figure == "p50" else "ring"


def best_of_weft(result, workload):
    """The default, or what there is where the kernel refuses a ring."""
    name = who_of(workload)
    return name if name in result["servers"] else "each" if name == "ring" else None


def target_row(workload, result):
    target, name = workload.target, best_of_weft(result, workload)
    words = target.words or servers.NAMES[target.against]
    wanted = f"<= {target.factor:.2f}x {words}"
    mine, other = result["servers"].get(name), result["servers"].get(target.against)
    shared = ratios(mine, other) if mine and other else []
    if not shared:
        return [workload.title, wanted, "not measured", ""]
    return [workload.title, wanted, with_spread(shared, three_digits) + "x", verdict(median(shared) <= target.factor)]


def verdict(met):
    return "met" if met else "**missed**"


def extra_rows(results):
    """Targets that are not a ratio of two servers in a workload."""
    rows = []
    for size, made in results["ratio"].get("ring", {}).items():
        weft, zlib = made
        rows.append([f"deflate {size}: size against the input", f"<= {zlib:.3f} (zlib level 1)", f"{weft:.3f}",
                     verdict(weft <= zlib)])
    heap = results["heap"].get("compression off")
    rows.append(["idle connection: heap of the library", "<= 256 B", f"{heap:.0f} B" if heap else "not measured",
                 verdict(heap <= 256) if heap else ""])
    tls = results["idle"].get("TLS", {}).get("ring")
    rows.append(["idle connection with TLS: process memory", "<= 16 KiB", f"{tls / 1024:.1f} KiB" if tls else "not measured",
                 verdict(tls <= 16384) if tls else ""])
    return rows


def targets(results):
    rows = [target_row(w, results["workloads"][w.key]) for w in WORKLOADS if w.target and w.key in results["workloads"]]
    return table(["workload", "target", "measured", ""], rows + extra_rows(results))


# ---- workloads ----------------------------------------------------------------------------------


def is_saturated(kept):
    return median(kept["generator"]) >= SATURATED


def workload_rows(workload, result):
    reference = workload.target.against if workload.target else "raw"
    for name in workload.servers:
        kept = result["servers"].get(name)
        if kept:
            other = result["servers"].get(reference)
            shared = ratios(kept, other) if other else []
            yield [servers.NAMES[name], with_spread(kept["values"]) + (" g" if is_saturated(kept) else ""),
                   two_digits(median(shared)) if shared else "", str(len(kept["values"]))]
        elif name in result["failed"]:
            yield [servers.NAMES[name], "none: " + result["failed"][name].replace("|", "/"), "", ""]


def workload_table(workload, result):
    reference = workload.target.against if workload.target else "raw"
    unit = "p50, us" if workload.figure == "p50" else f"server CPU ns per {workload.what}"
    return f"**{workload.title}**\n\n" + table(["server", unit, f"x {servers.NAMES[reference]}", "rounds"],
                                               workload_rows(workload, result))


def picture(key, heading, chosen, results):
    groups = []
    for w in chosen:
        rows = []
        for name in w.servers:
            kept = results["workloads"][w.key]["servers"].get(name)
            if kept:
                middle, low, high = spread(kept["values"])
                rows.append((name, servers.NAMES[name], middle, low, high, number(middle)))
        if rows:
            groups.append((w.title, rows))
    unit = "p50 in microseconds" if key == "latency" else "server CPU ns each"
    return plot.bars(f"{heading}: {unit}, less is better", groups) if groups else None


def memory_tables(results):
    names = [n for n in servers.NAMES if any(n in column for column in results["idle"].values())]
    rows = [[servers.NAMES[n]] + [f"{results['idle'][kind][n]:,.0f}" if n in results["idle"][kind] else "-"
                                  for kind in results["idle"]] for n in names]
    heap = ", ".join(f"{mode} {bytes:,.0f} B" for mode, bytes in results["heap"].items())
    small = [[servers.NAMES[n], *(f"{made[0]:.3f}" for made in sizes.values())] for n, sizes in results["ratio"].items()]
    zlib = next(iter(results["ratio"].values()), {})
    small.append(["zlib level 1, for comparison", *(f"{made[1]:.3f}" for made in zlib.values())])
    return "\n\n".join([
        "## Memory of an idle connection",
        f"Growth of the process' anonymous memory for each of {results['options']['idle']:,} connections, after a message on each: heap, "
        "and what its allocator loses; in bytes.",
        table(["server", *results["idle"]], rows),
        f"The heap that weft's library holds for each, counted exactly (bench/idle_heap.c): {heap}.",
        "## How small it gets", "Compressed size against the input, JSON like that of `weft bench`, without context takeover.",
        table(["server", *zlib], small)])


def kernels(results):
    return "\n\n".join(["## The loops over payload alone", "GB/s against memcpy, on the server's core (bench/kernels.c); "
                        "below it the encoders for messages without context takeover (bench/deflate.c).",
                        *(f"```\n{said.rstrip()}\n```" for said in results["kernels"] if said)])


def threads(results):
    said = results["threads"] or "not measured"
    return "\n\n".join(["## Threads", "`weft serve --threads 2` against `--threads 1`, not pinned, the generator beside it "
                        "(bench/threads.py).", f"```\n{said.rstrip()}\n```"])


def gate(results):
    return "\n\n".join(["## Instructions", "What `make bench-gate` holds the code to: instructions in user mode for each message, `weft serve "
                        "--batch each` (bench/baseline.txt). Virtual machines seldom let one count cycles; these stand for "
                        "user cycles.", f"```\n{results['baseline'].rstrip()}\n```"])


def circumstances(results):
    about = results["about"]
    rows = [f"* {name}: {words}" for name, words in about.items() if words]
    rows += [f"* {servers.NAMES[name]} was skipped: {why}" for name, why in results["skipped"].items()]
    return "\n".join(rows)


def document(results):
    """(the text, {name of a picture: SVG})"""
    o, pictures = results["options"], {}
    parts = ["# Performance", "`make bench` wrote this page: it measures weft beside other servers, and a bare TCP server, on this machine.\n"
             f"{o['rounds']} rounds of {o['duration']} ms for each server and workload, after a third of that as warm-up "
             "(1 MiB: three times as long).",
             circumstances(results), READING.rstrip(), "## Targets", targets(results)]
    for key, heading, words in GROUPS:
        chosen = [w for w in WORKLOADS if w.group == key and w.key in results["workloads"]]
        drawn = picture(key, heading, chosen, results)
        if not drawn:
            continue
        pictures[f"{key}.svg"] = drawn
        parts += [f"## {heading}", words, f"![{heading}](performance/{key}.svg)"]
        parts += [workload_table(w, results["workloads"][w.key]) for w in chosen]
    if results["channels"]:
        text, drawn = channels_report.section(results["channels"])
        parts.append(text)
        pictures |= drawn
    parts += [memory_tables(results), kernels(results), threads(results), gate(results)]
    return "\n\n".join(parts) + "\n", pictures


def terminal(results):
    """The same, shorter: for a quick run."""
    parts = [circumstances(results), targets(results)]
    parts += [workload_table(w, results["workloads"][w.key]) for w in WORKLOADS if w.key in results["workloads"]]
    if results["channels"]:
        parts.append(channels_report.section(results["channels"])[0])
    return "\n\n".join(parts) + "\n"
