# SPDX-License-Identifier: MIT
"""A rule that cannot fail is no rule: each is given a copy of the tree in which it is broken. Those that need a tool
which is for `make check` only are left out where it is not installed, and it is said which."""

import shutil
import tempfile
from pathlib import Path

import house

SPDX = "/* SPDX-License-Identifier: MIT */\n"


def function(name, body="return 0;", before=""):
    return f"{SPDX}{before}int {name}(void);\nint {name}(void)\n{{\n    {body}\n}}\n"


def caller(name, other):
    """A function that calls another one, which it declares by itself."""
    return function(name, f"return {other}() + 1;", f"int {other}(void);\n")


def ring(n, *rooms):
    """So many files, in these rooms in turn, that call each other in a ring: only their objects tell."""
    return {f"src/{rooms[i % len(rooms)]}/ring{i}.c": caller(f"ring{i}", f"ring{(i + 1) % n}") for i in range(n)}


def including(*names):
    return SPDX + "".join(f'#include "{name}"\n' for name in names)


# A library of one function, as it was recorded: int weft_planted(const weft_thing *), and a weft_thing has one int.
RECORD = """<abi-corpus version='2.1' architecture='elf-amd-x86_64' soname='libweft.so.0'>
  <elf-function-symbols>
    <elf-symbol name='weft_planted' version='WEFT_0.1' is-default-version='yes' type='func-type'
      binding='global-binding' visibility='default-visibility' is-defined='yes'/>
  </elf-function-symbols>
  <abi-instr address-size='64' path='src/base/planted.c' language='LANG_C11'>
    <type-decl name='int' size-in-bits='32' id='95e97e5e'/>
    <class-decl name='weft_thing' size-in-bits='32' is-struct='yes' visibility='default' id='c7b85080'>
      <data-member access='public' layout-offset-in-bits='0'>
        <var-decl name='a' type-id='95e97e5e' visibility='default'/>
      </data-member>
    </class-decl>
    <typedef-decl name='weft_thing' type-id='c7b85080' id='58118c81'/>
    <qualified-type-def type-id='58118c81' const='yes' id='14f4de11'/>
    <pointer-type-def type-id='14f4de11' size-in-bits='64' id='3879d6e1'/>
    <function-decl name='weft_planted' mangled-name='weft_planted' visibility='default' binding='global'
      size-in-bits='64' elf-symbol-id='weft_planted@@WEFT_0.1'>
      <parameter type-id='3879d6e1'/>
      <return type-id='95e97e5e'/>
    </function-decl>
  </abi-instr>
</abi-corpus>
"""


def recorded(fields="int a;", name="weft_planted"):
    """A library with that record, which has the function by this name and these fields in the struct."""
    return {house.ABI_RECORD: RECORD,
            "include/weft/planted.h": f"{SPDX}typedef struct weft_thing {{\n    {fields}\n}} weft_thing;\n"
            f"__attribute__((visibility(\"default\"))) int {name}(const weft_thing *t);\n",
            "src/base/planted.c": f"{SPDX}#include <weft/planted.h>\nint {name}(const weft_thing *t)\n{{\n"
            "    return t->a;\n}\n"}


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
    ("arrows", {"src/attic/planted.c": SPDX}, "src/attic: not a room"),
    ("arrows", {"src/net/attic/planted.c": SPDX}, "src/net/attic: not a room"),
    ("arrows", {"src/net/planted.c": including("net/route.h", "net/wire/planted.h")}, "src/net/planted.c:3"),
    ("arrows", {"src/net/wire/planted.h": including("net/route.h", "net/server/planted.h")},
     "src/net/wire/planted.h:3"),
    ("arrows", {"src/net/web/planted.c": including("net/web/planted.h", "net/ws/planted.h")},
     "src/net/web/planted.c:3"),
    ("arrows", {"src/net/ws/planted.c": including("net/ws/planted.h", "net/wire/planted.h")},
     "src/net/ws/planted.c:3"),
    ("arrows", {"src/net/server/planted.c": including("net/wire/planted.h", "net/client/planted.h")},
     "src/net/server/planted.c:3"),
    ("arrows", {"src/net/client/planted.c": including("net/wire/planted.h", "net/web/planted.h")},
     "src/net/client/planted.c:3"),
    ("arrows", {"src/io/planted.c": including("net/route.h")}, "src/io/planted.c:2"),
    ("cycles", {"src/base/planted.h": SPDX + '#include "base/planted2.h"\n',
                "src/base/planted2.h": SPDX + '#include "base/planted.h"\n'}, "base/planted2.h"),
    ("seam", {"src/net/ws/planted.c": SPDX + "/* the\n * wire */\nvoid planted(struct wire *);\n"},
     "src/net/ws/planted.c:4: `struct wire`"),
    ("seam", {"src/net/server/planted.c": SPDX + "int a = wire_class;\n"}, "planted.c:2: `wire_class`"),
    ("seam", {"src/net/planted.h": SPDX + "struct planted {\n    uint8_t phase;\n};\n"}, "planted.h:3: `phase`"),
    ("seam", {"src/net/web/planted.c": SPDX + "int planted = WIRE_WEB + wire_extra;\n"}, "planted.c:2: `wire_extra`"),
    ("seam", {"src/hub/planted.c": SPDX + "struct duplex *planted;\n"}, "planted.c:2: `struct duplex`"),
    ("seam", {"src/cli/planted.c": SPDX + 'void (*planted)(void) = "x" ? duplex_dirty : 0;\n'},
     "planted.c:2: `duplex_dirty`"),
    ("license", {"src/base/planted.c": "/* mine */\n"}, "src/base/planted.c:1"),
    ("packages", {"packages.txt": "gcc sometimes gcc\n"}, "packages.txt:1"),
    ("packages", {"packages.txt": "gcc build gcc one\ngcc build gcc two\n"}, "listed twice"),
    ("packages", {"README.md": "sudo apt install gcc\n"}, "README.md"),
    ("readme", {"README.md": "```c\nint planted;\n```\n"}, "int planted;"),
    ("words", {"README.md": "It is\nin `src/net/planted.c`.\n"}, "README.md:2: there is no `src/net/planted.c`"),
    ("words", {"HACKING.md": "`tools/planted arrows` looks\n"}, "HACKING.md:1: there is no `tools/planted`"),
    ("words", {"SECURITY.md": "| `base/planted.h`, |\n"}, "SECURITY.md:1: there is no `base/planted.h`"),
    ("words", {"docs/net.md": "`planted.h`\n"}, "docs/net.md:1: there is no `planted.h`"),
    ("words", {"docs/net.md": "`tests/planted/*.md`\n"}, "docs/net.md:1: there is no `tests/planted/*.md`"),
    ("words", {"docs/net.md": "see [there](../planted.md#here)\n"}, "docs/net.md:1: the link to ../planted.md"),
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
    ("manlinks", {"docs/man/weft_hub.3": ".Xr weft_tls 3 ,\n"}, "docs/man/weft_hub.3: SEE ALSO lacks weft_tls 3"),
    ("manlinks", {"docs/man/weft_piece.3": ".Sh SEE ALSO\n.Xr weft_planted 3\n"},
     "docs/man/weft_piece.3: there is no page weft_planted 3"),
    ("manlinks", {"docs/man/weft_piece.3": ".Sh SEE ALSO\n.Xr weft_base 3 ,\n.Xr weft 3\n"},
     "docs/man/weft_piece.3: SEE ALSO is not in order"),
    ("manlinks", {"docs/man/weft_hub.3": ".Sh SEE ALSO\n.Xr weft 3\n"},
     "docs/man/weft_hub.3: SEE ALSO lacks weft_conn 3"),
    ("manlinks", {"docs/man/weft_planted.3": ".Dd x\n"}, "docs/man/weft.3: does not name weft_planted 3"),
    ("manlinks", {"docs/man/weft_hub.3": ".Dd x\n"}, "docs/man/weft_hub.3: NAME lacks weft_publish"),
    ("flags", {"src/cli/planted.c": SPDX + "static const struct flag f = {0, \"planted\", .kind = FLAG_BOOL};\n"},
     "weft.1: has no entry for --planted"),
    ("manuals", {"docs/man/planted.1": ".Dd $Mdocdate$\n.Dt PLANTED 1\n.Os\n.Xy\n"},
     "docs/man/planted.1"),
    ("style", {"src/base/planted.c": SPDX + "int  planted ;\n"}, "src/base/planted.c"),
    ("width", {"src/base/planted.h": SPDX + "/* " + "x" * 115 + " */\n"}, "src/base/planted.h:2: 121 columns"),
    ("ifs", {"src/base/planted.c": function("planted", "return 0;\n#  ifdef PLANTED\n#  endif")},
     "src/base/planted.c:6: an #if"),
    ("ifs", {"tests/base/planted.h": function("planted", "    #if PLANTED\n    #endif\n    return 0;")},
     "tests/base/planted.h:5: an #if"),
    ("length", {"src/base/planted.c": function("planted", "planted();\n" * 60 + "    return 0;")},
     "src/base/planted.c:5: a function of 61 lines"),
    ("length", {"src/base/planted.c": function("planted", "int a[] = {\n    };\n" + "planted();\n" * 60)},
     "src/base/planted.c:5: a function of 61 lines"),
]

# The same for rules that build: in a copy without sources, so that it takes seconds.
BUILT_PLANTS = [
    ("gcc", {"src/base/planted.c": function("planted", "int unused;\n    return 0;")}, "planted.c"),
    ("clang", {"src/base/planted.c": function("planted", "int unused;\n    return 0;")},
     "planted.c"),
    ("symbols", {"src/base/planted.c":
                 function("planted", before='__attribute__((visibility("default"))) ')},
     "libweft.a exports planted: "),
    ("symbols", {"src/base/planted.c":
                 function("planted", before='__attribute__((visibility("default"))) ')},
     "libweft-core.a exports planted: "),
    ("symbols", {"src/base/planted.c":
                 function("weft_planted", before='__attribute__((visibility("default"))) ')},
     "libweft.so exports weft_planted, which no"),
    ("symbols", {"src/base/planted.c": function("planted"), "cmake/archive.cmake": "function(weft_archive target)\n"
                 "    add_library(${target} STATIC ${ARGN})\n"
                 "    set_target_properties(${target} PROPERTIES LINKER_LANGUAGE C)\nendfunction()\n"},
     "libweft.a exports planted: "),
    ("symbols", {"src/base/planted.c":
                 function("planted", before='__attribute__((visibility("default"))) '),
                 "cmake/weft.map": "WEFT_0.1 { *; };\n"}, "libweft.so exports planted: "),
    ("symbols", {"src/base/planted.c":
                 function("weft_planted", before='__attribute__((visibility("default"))) '),
                 "cmake/weft.map": "{ global: weft_*; local: *; };\n"}, "libweft.so: weft_planted has no version"),
    ("symbols", {"src/base/planted.c": function("planted"),
                 "include/weft/planted.h": SPDX + "WEFT_API int weft_planted(void);\n"},
     "declares weft_planted"),
    ("abi", recorded(name="weft_added"), "weft_added of WEFT_0.1 is not in"),
    ("abi", recorded(name="weft_added"), "[D] 'function int weft_planted(const weft_thing*)'"),
    ("abi", recorded("int a, b;"), "type size changed from 32 to 64 (in bits)"),
    ("abi", recorded() | {"cmake/weft.map": "WEFT_0.2 { global: weft_*; local: *; };\n"}, "of WEFT_0.2 is not in"),
    ("hardening", {"src/base/planted.c": function("planted"), "cmake/flags.cmake": "\n"},
     "libweft.so: not bound at start"),
    ("hardening", {"src/base/planted.c": function("planted"),
                   "src/base/planted2.c": SPDX + '__asm__(".section .note.GNU-stack,\\"x\\"");\n'},
     "libweft.so: an executable stack"),
    ("calls", {"src/base/planted.c": function("planted"), "src/net/ws/planted.c": function("planted_ws"),
               "src/net/web/planted.c": caller("planted_web", "planted_ws")},
     "src/net/web/planted.c calls planted_ws of src/net/ws/planted.c"),
    ("calls", {"src/base/planted.c": caller("planted", "weft_planted"),
               "src/http/planted.c": function("weft_planted"),
               "include/weft/planted.h": SPDX + "WEFT_API int weft_planted(void);\n"},
     "src/base/planted.c calls weft_planted of src/http/planted.c"),
    ("calls", {"src/base/planted.c": function("planted"), "src/hub/planted.c": caller("planted_hub", "planted")},
     "src/hub/planted.c calls planted of src/base/planted.c"),
    ("calls", {"src/base/planted.c": function("planted"),
               "cmake/flags.cmake": "add_compile_options(-flto -fno-fat-lto-objects)\nadd_link_options(-flto)\n"},
     "the objects hold nothing but what LTO reads"),
    ("circles", ring(5, "base"), "src/base: a circle of 5 files"),
    ("circles", ring(5, "base") | {"src/base/ring2.h": SPDX,
                                     "src/base/ring1.c": function("ring1", before='#include "base/ring2.h"\n')},
     "base/ring1 -> base/ring2  includes ring2.h\n"),
    ("circles", ring(5, "net/web", "net/ws", "net") | {"src/base/planted.c": function("planted")},
     "src/net: a circle of 5 files"),
]
BUILT = {plant[0] for plant in BUILT_PLANTS}

# The same for one that compiles each header by itself in every language: in a copy without the others.
HEADER_PLANTS = [
    ("headers", {"include/weft/planted.h": SPDX + "extern size_t planted;\n"},
     "planted.h: does not compile alone with gcc"),
    ("headers", {"include/weft/planted.h": SPDX + "extern int new;\n"},
     "planted.h: does not compile alone with g++"),
    ("headers", {"include/weft/planted.h": SPDX + "static inline int planted(void)\n{\n    typeof(1) a = 1;\n"
                 "    return a;\n}\n"}, "planted.h: does not compile alone with gcc -std=c99"),
    ("headers", {"include/weft/planted.h": SPDX + "struct planted {\n    int a;\n    unsigned b : 1;\n};\n"},
     "planted.h:4: a bit-field"),
]

# What a rule has to let be: whoever is told of what is right learns not to listen.
INNOCENT = [
    ("arrows", {"src/net/client/planted.c": including("net/client/planted.h", "net/wire/planted.h",
                                                      "net/ws/planted.h", "net/route.h", "io/sock.h")}, "planted"),
    ("arrows", {"src/net/server/planted.c": including("net/web/planted.h", "net/ws/planted.h")}, "planted"),
    ("seam", {"src/net/ws/planted.c": SPDX + '#include "net/wire/wire.h"\n/* the wire\'s\n * phase */\n'
              'const char *planted = "wire \\" phase"; // duplex_dirty\nint wires, half_duplex_x, a = \'"\';\n'},
     "planted"),
    ("seam", {"src/net/wire/planted.c": SPDX + "struct wire *planted;\n",
              "src/net/lane.h": SPDX + "struct wire *planted;\n"}, "planted"),
    ("width", {"src/base/planted.h": SPDX + "/* " + "x" * 114 + " */\n"}, "planted"),
    ("ifs", {"src/base/planted.c": f"{SPDX}#if PLANTED\n#endif\n" + function("planted")}, "planted"),
    ("length", {"src/base/planted.c": function("planted", "planted();\n" * 59 + "    return 0;")}, "planted"),
    ("length", {"src/base/planted.c": function("planted", "const int a[2] = {\n" + "        0,\n" * 60 + "    };\n"
                                               "    return a[1];")}, "planted"),
    ("words", {"README.md": "`src/<room>/planted.c` `planted/x` `build/planted.c` `fuzz/fuzz_*.c` `bench/kernels` "
               "`base/limits.h`, `weft/base.h` `src/` `http/1.1`\n```\n`src/planted.c`\n```\n"}, "README.md"),
]
BUILT_INNOCENT = [
    ("abi", recorded(), "abi"),
    ("abi", recorded() | {"src/base/planted2.c": function("weft_added", before='__attribute__((visibility("default"))) ')},
     "the ABI differs"),
    ("circles", ring(4, "base"), "a circle"),
    ("calls", {"src/base/planted.c": function("planted"), "src/ws/planted.c": caller("planted_ws", "planted"),
               "src/net/ws/planted.c": caller("planted_net", "planted_ws")}, "planted"),
    ("calls", {"src/base/planted.c": function("weft_planted"), "src/hub/planted.c": caller("hub", "weft_planted"),
               "include/weft/planted.h": SPDX + "WEFT_API int weft_planted(void);\n"}, "planted"),
]


def copy_tree(root, to):
    ignored = shutil.ignore_patterns("build", "node_modules", ".git", ".cache", "__pycache__")
    shutil.copytree(root, to, ignore=ignored)


def without_sources(tree):
    for folder in ("src", "tests", "examples", "bench", "web"):
        shutil.rmtree(tree / folder, ignore_errors=True)
    (tree / "tests").mkdir()
    (tree / "tests" / "CMakeLists.txt").write_text("")


def without_headers(tree):
    for header in (tree / "include" / "weft").glob("*.h*"):
        if header.name != "base.h":
            header.unlink()


# What a rule runs beyond what `make` and `make test` need (packages.txt).
TOOLS = {"abi": ("abidw", "abidiff"), "clang": ("clang",), "headers": ("clang", "clang++"), "manuals": ("mandoc",),
         "style": ("clang-format",)}


def lacks(rule):
    return [tool for tool in TOOLS.get(rule, ()) if not shutil.which(tool)]


BEFORE = {}  # (tree, rule): what it says of the tree as it is


def complaints_of(tree, rule, plant):
    """What the rule says before something is planted, and with it; then it is weeded."""
    kept = {path: (tree / path).read_text() if (tree / path).exists() else None for path in plant}
    if rule not in BUILT and (tree, rule) not in BEFORE:
        BEFORE[tree, rule] = "\n".join(house.RULES[rule](tree))
    for path, text in plant.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    if rule in BUILT - {"gcc", "clang"}:
        house.gcc(tree)
    after = "\n".join(house.RULES[rule](tree))
    for path, text in kept.items():
        (tree / path).unlink()
        if text is not None:
            (tree / path).write_text(text)
    return BEFORE.get((tree, rule), ""), after


def caught(tree, rule, plant, mention):
    before, after = complaints_of(tree, rule, plant)
    return mention in after and mention not in before


def let_be(tree, rule, plant, mention):
    _, after = complaints_of(tree, rule, plant)
    return mention not in after


def run(root):
    untested = set(house.RULES) - {plant[0] for plant in PLANTS + BUILT_PLANTS + HEADER_PLANTS}
    results = [(rule, "no violation of it is planted", "MISSED") for rule in sorted(untested)]

    def plant_all(tree, plants, innocent):
        plants, innocent = ([plant for plant in each if not lacks(plant[0])] for each in (plants, innocent))
        for rule, plant, mention in plants:
            results.append((rule, mention, "caught" if caught(tree, rule, plant, mention) else "MISSED"))
        for rule, plant, mention in innocent:
            results.append((rule, " ".join(plant), "let be" if let_be(tree, rule, plant, mention) else "BLAMED"))

    with tempfile.TemporaryDirectory(prefix="weft-check-") as folder:
        tree = Path(folder) / "tree"
        copy_tree(root, tree)
        plant_all(tree, PLANTS, INNOCENT)
        without_sources(tree)
        plant_all(tree, BUILT_PLANTS, BUILT_INNOCENT)
        without_headers(tree)
        plant_all(tree, HEADER_PLANTS, [])
    for rule in sorted(house.RULES):
        if lacks(rule):
            print(f"skipped {rule}: there is no {' and no '.join(lacks(rule))} here")
    for rule, mention, verdict in results:
        print(f"{verdict:8}{rule}: {mention}")
    failed = sum(verdict.isupper() for _, _, verdict in results)
    return len(results) - failed, failed
