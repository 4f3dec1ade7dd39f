# SPDX-License-Identifier: MIT
"""A rule that cannot fail is no rule: each is given a copy of the tree in which it is broken."""

import shutil
import tempfile
from pathlib import Path

import house

SPDX = "/* SPDX-License-Identifier: MIT */\n"


def function(name, body="return 0;", before=""):
    return f"{SPDX}{before}int {name}(void);\nint {name}(void)\n{{\n    {body}\n}}\n"


# rule, what is planted: {path: text}, and what the complaint has to mention
PLANTS = [
    ("arrows", {"src/ws/planted.c": SPDX + '#include "http/head.h"\n'}, "src/ws/planted.c:2"),
    ("arrows", {"src/base/planted.h": SPDX + '#include "ws/frame.h"\n'}, "src/base/planted.h:2"),
    ("arrows", {"src/hub/planted.c": SPDX + '#include "base/buf.h"\n'}, "src/hub/planted.c:2"),
    ("arrows", {"src/cli/planted.c": SPDX + '#include "base/buf.h"\n'}, "src/cli/planted.c:2"),
    ("arrows", {"examples/planted.c": SPDX + '#include "net/ws/conn.h"\n'}, "examples/planted.c:2"),
    ("arrows", {"include/weft/planted.h": SPDX + '#include "base/buf.h"\n'},
     "include/weft/planted.h:2"),
    ("arrows", {"src/net/planted.c": SPDX + '#include "weft/conn.h"\n'}, "src/net/planted.c:2"),
    ("arrows", {"src/net/planted.c": SPDX + '#include "conn.h"\n'}, "src/net/planted.c:2"),
    ("arrows", {"src/attic/planted.c": SPDX}, "src/attic"),
    ("cycles", {"src/base/planted.h": SPDX + '#include "base/planted2.h"\n',
                "src/base/planted2.h": SPDX + '#include "base/planted.h"\n'}, "base/planted2.h"),
    ("headers", {"include/weft/planted.h": SPDX + "extern size_t planted;\n"},
     "planted.h: does not compile alone with gcc"),
    ("headers", {"include/weft/planted.h": SPDX + "extern int new;\n"},
     "planted.h: does not compile alone with g++"),
    ("license", {"src/base/planted.c": "/* mine */\n"}, "src/base/planted.c:1"),
    ("packages", {"packages.txt": "gcc sometimes gcc\n"}, "packages.txt:1"),
    ("packages", {"packages.txt": "gcc build gcc one\ngcc build gcc two\n"}, "listed twice"),
    ("packages", {"README.md": "sudo apt install gcc\n"}, "README.md"),
    ("readme", {"README.md": "```c\nint planted;\n```\n"}, "int planted;"),
    ("limits", {"docs/limits.md": "| `planted` | 1 byte | is not there |\n"}, "| `planted` |"),
    ("limits", {"docs/limits.md": "| `max_message` | 1 bytes | another default |\n"},
     "docs/limits.md: lacks this line of WEFT_LIMITS"),
    ("limits", {"docs/man/weft_base.3": ".It Fa max_message No 1 No bytes\n"},
     "docs/man/weft_base.3: this is not in WEFT_LIMITS"),
    ("manpages", {"include/weft/planted.h": SPDX + "WEFT_API int weft_planted(void);\n"},
     "weft_planted.3: does not document weft_planted"),
    ("manpages", {"include/weft/planted.h": SPDX + "static inline int weft_planted(void)\n{\n}\n"},
     "weft_planted.3: does not document weft_planted"),
    ("sized", {"include/weft/planted.h": SPDX + "WEFT_API int weft_planted_sized(size_t size);\n"},
     "weft_planted_sized has no inline weft_planted"),
    ("sized", {"include/weft/planted.h": SPDX + "struct planted {\n    size_t size;\n};\n"},
     "planted.h: a struct has a field for its size"),
    ("manpages", {"docs/man/weft_error.3": ".Dd x\n"}, "does not document WEFT_ERR_BACKLOG"),
    ("flags", {"src/cli/planted.c": SPDX + "static const struct flag f = {0, \"planted\", FLAG_BOOL};\n"},
     "weft.1: has no entry for --planted"),
    ("manuals", {"docs/man/planted.1": ".Dd $Mdocdate$\n.Dt PLANTED 1\n.Os\n.Xy\n"},
     "docs/man/planted.1"),
    ("style", {"src/base/planted.c": SPDX + "int  planted ;\n"}, "src/base/planted.c"),
]

# The same for rules that build: in a copy without sources, so that it takes seconds.
BUILT_PLANTS = [
    ("gcc", {"src/base/planted.c": function("planted", "int unused;\n    return 0;")}, "planted.c"),
    ("clang", {"src/base/planted.c": function("planted", "int unused;\n    return 0;")},
     "planted.c"),
    ("symbols", {"src/base/planted.c":
                 function("planted", before='__attribute__((visibility("default"))) ')},
     "exports planted"),
    ("symbols", {"src/base/planted.c":
                 function("weft_planted", before='__attribute__((visibility("default"))) ')},
     "exports weft_planted"),
    ("symbols", {"src/base/planted.c":
                 function("planted", before='__attribute__((visibility("default"))) ')},
     "libweft.a: planted"),
    ("symbols", {"src/base/planted.c": function("planted"),
                 "include/weft/planted.h": SPDX + "WEFT_API int weft_planted(void);\n"},
     "declares weft_planted"),
    ("hardening", {"src/base/planted.c": function("planted"), "cmake/flags.cmake": "\n"},
     "libweft.so: not bound at start"),
    ("hardening", {"src/base/planted.c": function("planted"),
                   "src/base/planted2.c": SPDX + '__asm__(".section .note.GNU-stack,\\"x\\"");\n'},
     "libweft.so: an executable stack"),
]
BUILT = {plant[0] for plant in BUILT_PLANTS}


def copy_tree(root, to):
    ignored = shutil.ignore_patterns("build", "node_modules", ".git", ".cache", "__pycache__")
    shutil.copytree(root, to, ignore=ignored)


def without_sources(tree):
    for folder in ("src", "tests", "examples", "bench", "web"):
        shutil.rmtree(tree / folder, ignore_errors=True)
    (tree / "tests").mkdir()
    (tree / "tests" / "CMakeLists.txt").write_text("")


def caught(tree, rule, plant, mention):
    """Plant, see whether the rule complains of it and did not before, and weed."""
    kept = {path: (tree / path).read_text() if (tree / path).exists() else None for path in plant}
    before = "\n".join(house.RULES[rule](tree)) if rule not in BUILT else ""
    for path, text in plant.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    if rule in ("symbols", "hardening"):
        house.gcc(tree)
    after = "\n".join(house.RULES[rule](tree))
    for path, text in kept.items():
        (tree / path).unlink()
        if text is not None:
            (tree / path).write_text(text)
    return mention in after and mention not in before


def run(root):
    untested = set(house.RULES) - {plant[0] for plant in PLANTS + BUILT_PLANTS}
    results = [(rule, "no violation of it is planted", False) for rule in sorted(untested)]
    with tempfile.TemporaryDirectory(prefix="weft-check-") as folder:
        tree = Path(folder) / "tree"
        copy_tree(root, tree)
        results += [(rule, mention, caught(tree, rule, plant, mention))
                    for rule, plant, mention in PLANTS]
        without_sources(tree)
        results += [(rule, mention, caught(tree, rule, plant, mention))
                    for rule, plant, mention in BUILT_PLANTS]
    for rule, mention, good in results:
        print(f"{'caught' if good else 'MISSED':8}{rule}: {mention}")
    failed = sum(not good for _, _, good in results)
    return len(results) - failed, failed
