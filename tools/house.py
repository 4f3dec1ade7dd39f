# SPDX-License-Identifier: MIT
"""The rules of the house. A rule is a function of the tree's root that returns complaints: each says
where, what is wrong, and what would be right."""

import platform
import re
import subprocess
from collections import Counter

# Which rooms the files of a room may include, beside public headers (<weft/...>).
ARROWS = {
    "base": ["base"],
    "ws": ["ws", "base"],
    "http": ["http", "base"],
    "io": ["io", "base"],
    "net": ["net", "ws", "http", "io", "base"],
    "hub": ["hub"],
    "cli": ["cli"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def run(*command, cwd=None):
    """The exit status and everything that was printed."""
    done = subprocess.run([str(c) for c in command], cwd=cwd, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout.strip()


def c_files(root, *folders):
    return sorted(f for folder in folders for suffix in ("*.c", "*.h")
                  for f in (root / folder).rglob(suffix))


def includes(file):
    """(line number, '<' or '"', name) of each #include."""
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match[1], match[2]


# ---- includes -----------------------------------------------------------------------------------


def wrong_arrow(allowed, quote, name):
    """What is wrong with this #include in a file that may include the rooms allowed, or None."""
    if name.startswith("weft/"):
        return None if quote == "<" else f"a public header is written <{name}>"
    if quote == "<":
        return None
    room = name.split("/")[0]
    if "/" not in name or room not in ARROWS:
        return f'"{name}" is not written from src/: write "room/file.h"'
    if room not in allowed:
        may = " ".join(allowed) or "no room"
        return f'"{name}" goes against the arrows: only {may} and <weft/...> may be included here'
    return None


def arrows(root):
    """Rooms include only the rooms below them; public headers only public headers."""
    places = [("include/weft", []), ("examples", [])]
    complaints = []
    for room in sorted(p.name for p in (root / "src").iterdir() if p.is_dir()):
        if room in ARROWS:
            places.append((f"src/{room}", ARROWS[room]))
        else:
            complaints.append(f"src/{room}: not a room; the rooms are {' '.join(ARROWS)}")
    for folder, allowed in places:
        for file in c_files(root, folder):
            for line, quote, name in includes(file):
                if wrong := wrong_arrow(allowed, quote, name):
                    complaints.append(f"{file.relative_to(root)}:{line}: {wrong}")
    return complaints


def cycles(root):
    """No header includes itself through others."""
    graph = {}
    for base in (root / "src", root / "include"):
        for file in c_files(base, "."):
            graph[str(file.relative_to(base))] = [name for _, _, name in includes(file)]
    complaints, done = [], set()

    def visit(name, path):
        if name in path:
            circle = path[path.index(name):] + [name]
            complaints.append(" -> ".join(circle) + ": a cycle; move what both need below both")
        elif name not in done:
            for other in graph.get(name, []):
                visit(other, path + [name])
            done.add(name)

    for name in sorted(graph):
        visit(name, [])
    return complaints


def headers(root):
    """Each public header compiles alone, as C and as C++, with gcc and clang."""
    flags = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", f"-I{root}/include"]
    compilers = [("gcc", "c", "c11"), ("clang", "c", "c11"),
                 ("g++", "c++", "c++17"), ("clang++", "c++", "c++17")]
    complaints = []
    for header in c_files(root, "include/weft"):
        name = header.relative_to(root / "include")
        for compiler, language, standard in compilers:
            status, said = run(compiler, f"-std={standard}", *flags, "-include", name, "-x",
                               language, "/dev/null")
            if status:
                complaints.append(f"include/{name}: does not compile alone with {compiler} "
                                  f"-std={standard}; include what it uses\n{said}")
    return complaints


# ---- builds -------------------------------------------------------------------------------------


def build(root, compiler):
    """Build everything as it is released, tests too, with warnings as errors."""
    folder = root / "build" / f"check-{compiler}"
    status, said = run("cmake", "--preset", "release", "-B", folder, "-DWEFT_TESTS=ON",
                       f"-DCMAKE_C_COMPILER={compiler}", "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON",
                       cwd=root)
    if status == 0:
        status, said = run("cmake", "--build", folder, "--", "-k", "0", "--quiet")
    if status == 0:
        return []
    return [f"does not build with {compiler} and warnings as errors\n{said[-8000:]}"]


def gcc(root):
    """Everything builds with gcc, without a warning."""
    return build(root, "gcc")


def clang(root):
    """Everything builds with clang, without a warning."""
    return build(root, "clang")


def public_functions(root):
    """{name: header} of every function that a public header declares with WEFT_API."""
    declaration = re.compile(r"^WEFT_API\b[^;(]*?\b(\w+)\s*\(", re.MULTILINE)
    return {name: header.relative_to(root) for header in c_files(root, "include/weft")
            for name in declaration.findall(header.read_text())}


def inline_functions(root):
    """{name: header} of every function that a public header defines."""
    definition = re.compile(r"^static inline\b[^;{(]*?\b(weft_\w+)\s*\(", re.MULTILINE)
    return {name: header.relative_to(root) for header in c_files(root, "include/weft")
            for name in definition.findall(header.read_text())}


def sized(root):
    """What is told the size of a struct is called by an inline function that says it; no struct has its size."""
    inline = inline_functions(root)
    complaints = [f"{header}: {name} has no inline {plain}, which says the size of what it is given"
                  for name, header in sorted(public_functions(root).items())
                  if (plain := name.removesuffix("_sized")) != name and plain not in inline]
    complaints += [f"{header.relative_to(root)}: a struct has a field for its size, which who fills it "
                   "may forget: let the call carry it (docs/abi.md)"
                   for header in c_files(root, "include/weft")
                   if re.search(r"^    size_t size;", header.read_text(), re.MULTILINE)]
    return complaints


def symbols(root):
    """libweft.so exports what the public headers declare, and nothing else; the rest of libweft.a is
    hidden, so that it does not leak out of a library that contains weft."""
    folder = root / "build" / "check-gcc"
    so, a = folder / "libweft.so", folder / "libweft.a"
    if not so.exists() or not a.exists():
        return [f"{so.relative_to(root)} and libweft.a are not built; the rule gcc builds them"]
    exported = {line.split()[-1] for line in run("nm", "-D", "--defined-only", so)[1].splitlines()}
    public = public_functions(root)
    complaints = [f"libweft.so exports {name}: names of the library begin with weft_; "
                  "drop its visibility attribute, or make it static"
                  for name in sorted(exported) if not name.startswith("weft_")]
    complaints += [f"libweft.so exports {name}, which no public header declares with WEFT_API"
                   for name in sorted(exported - set(public)) if name.startswith("weft_")]
    complaints += [f"{header}: declares {name}, but libweft.so has no such function; define it"
                   for name, header in sorted(public.items()) if name not in exported]
    for line in run("readelf", "--symbols", "--wide", a)[1].splitlines():
        fields = line.split()
        if len(fields) == 8 and fields[4] in ("GLOBAL", "WEAK") and fields[5] == "DEFAULT" \
                and fields[6] != "UND" and not fields[7].startswith("weft_"):
            complaints.append(f"libweft.a: {fields[7]} is neither weft_ nor hidden; make it static, "
                              "or compile it with -fvisibility=hidden")
    return complaints


# What readelf has to say of a hardened binary: option, pattern, and what its lack means. A library has no
# stack protector and no fortified call of its own if it has nothing to protect, ours has.
HARDENED = [
    ("-h", r"Type: +DYN", "not position-independent: CMAKE_POSITION_INDEPENDENT_CODE"),
    ("-lW", r"GNU_RELRO", "no RELRO: -z relro"),
    ("-dW", r"FLAGS_1.*\bNOW\b", "not bound at start, so RELRO is not full: -z now"),
    ("-lW", r"GNU_STACK( +0x\w+){5} RW +0x", "an executable stack, or none that is said not to be: an "
     "assembler file without .note.GNU-stack"),
    ("-sW", r"__stack_chk_fail", "no stack protector: -fstack-protector-strong"),
    ("-sW", r"__\w+_chk\b", "no fortified call: -D_FORTIFY_SOURCE=3"),
]
HARDENED_X86 = [("-nW", r"x86 feature:.*\bSHSTK\b", "not marked for shadow stacks: -z shstk")]


def hardening(root):
    """The program and libweft.so are hardened, as they are released."""
    folder = root / "build" / "check-gcc"
    if not (folder / "libweft.so").exists():
        return [f"{folder.relative_to(root)}/libweft.so is not built; the rule gcc builds it"]
    wanted = HARDENED + (HARDENED_X86 if platform.machine() == "x86_64" else [])
    files = [folder / name for name in ("weft", "libweft.so") if (folder / name).exists()]
    return [f"{file.name}: {lack}" for file in files for option, pattern, lack in wanted
            if not re.search(pattern, run("readelf", option, file)[1])]


# ---- looks --------------------------------------------------------------------------------------


def style(root):
    """The code looks as .clang-format says."""
    files = c_files(root, "include", "src", "tests", "examples", "bench", "fuzz")
    status, said = run("clang-format", "--dry-run", "-Werror",
                       *(f.relative_to(root) for f in files), cwd=root)
    return [f"run `make format`\n{said[:8000]}"] if status else []


def license(root):
    """Each file of C begins with its licence."""
    first = "/* SPDX-License-Identifier: MIT"
    return [f"{f.relative_to(root)}:1: the first line is not {first!r}"
            for f in c_files(root, "include", "src", "tests", "examples", "bench", "fuzz")
            if not f.read_text().startswith(first)]


def manuals(root):
    """mandoc finds nothing to warn of."""
    pages = sorted((root / "docs" / "man").glob("*.[137]"))
    complaints = []
    for page in pages:
        status, said = run("mandoc", "-Tlint", "-Wwarning", page.relative_to(root), cwd=root)
        if status:
            complaints.append(f"docs/man/{page.name}: what mandoc warns of\n{said}")
    return complaints


def packages(root):
    """packages.txt is well-formed, and is the only list of packages."""
    rows = [(n, line.split(None, 3))
            for n, line in enumerate((root / "packages.txt").read_text().splitlines(), 1)
            if line.strip() and not line.startswith("#")]
    purposes = {"build", "test", "check", "bench"}
    complaints = [f"packages.txt:{n}: a line is: package {'|'.join(sorted(purposes))}[,...] probe what for"
                  for n, row in rows if len(row) < 4 or set(row[1].split(",")) - purposes]
    complaints += [f"packages.txt: {name} is listed twice"
                   for name, count in Counter(row[0] for _, row in rows).items() if count > 1]
    for name in ("README.md", "HACKING.md", "Makefile", ".ci/run"):
        file = root / name
        if file.exists() and re.search(r"\bapt(-get)?( -\S+)* install\b", file.read_text()):
            complaints.append(f"{name}: installs packages by itself; list them in packages.txt and "
                              "call tools/setup (or make)")
    return complaints


def readme(root):
    """The C that README.md shows is that of examples/, which is compiled."""
    file = root / "README.md"
    if not file.exists():
        return []
    examples = [f.read_text() for f in c_files(root, "examples")]
    blocks = re.findall(r"^```c\n(.*?)^```", file.read_text(), re.MULTILINE | re.DOTALL)
    return [f"README.md: no file of examples/ holds this, word for word\n{block.strip()}"
            for block in blocks if not any(block in text for text in examples)]


def limits(root):
    """docs/limits.md has the limits of WEFT_LIMITS, in its order, with its defaults and texts; and
    weft_base(3) has their names and defaults."""
    header = (root / "include" / "weft" / "base.h").read_text()
    defined = re.findall(r'\bX\((\w+), (\d+), "([^"]*)",[\s\\]*"([^"]*)"\)', header)
    rows = [f"| `{name}` | {value} {unit} | {text} |" for name, value, unit, text in defined]
    tags = [f".It Fa {name} No {value} No {unit}" for name, value, unit, _ in defined]
    complaints = []
    for file, pattern, wanted in (("docs/limits.md", r"^\| `\w+` \|.*$", rows),
                                  ("docs/man/weft_base.3", r"^\.It Fa \w+ No \d+ .*$", tags)):
        page = root / file
        shown = re.findall(pattern, page.read_text(), re.MULTILINE) if page.exists() else []
        complaints += [f"{file}: lacks this line of WEFT_LIMITS\n{line}"
                       for line in wanted if line not in shown]
        complaints += [f"{file}: this is not in WEFT_LIMITS\n{line}"
                       for line in shown if line not in wanted]
        if sorted(shown) == sorted(wanted) and shown != wanted:
            complaints.append(f"{file}: the limits are not in the order of WEFT_LIMITS")
    return complaints


def manpages(root):
    """The man page of each public header documents each of its functions, and weft_error(3) each error."""
    complaints = []
    for name, header in sorted((public_functions(root) | inline_functions(root)).items()):
        page = root / "docs" / "man" / f"weft_{header.stem}.3"
        text = page.read_text() if page.exists() else ""
        if not re.search(rf"^\.F[no] {name}\b", text, re.MULTILINE):
            complaints.append(f"docs/man/{page.name}: does not document {name} of {header}")
    error_header = (root / "include" / "weft" / "error.h").read_text()
    page = root / "docs" / "man" / "weft_error.3"
    text = page.read_text() if page.exists() else ""
    complaints += [f"docs/man/{page.name}: does not document WEFT_ERR_{name}"
                   for name in re.findall(r"\bX\((\w+), \d+,", error_header)
                   if not re.search(rf"\bWEFT_ERR_{name}\b", text)]
    return complaints


def flags(root):
    """The program's man pages have an entry for each of its flags; weft-bench(1) leaves some to weft(1)."""
    man = root / "docs" / "man"
    complaints = []
    for source in sorted((root / "src" / "cli").glob("*.c")):
        pages = ["weft-bench.1", "weft.1"] if source.name.startswith("bench") else ["weft.1"]
        text = "".join((man / page).read_text() for page in pages if (man / page).exists())
        complaints += [f"docs/man/{pages[0]}: has no entry for --{name} of {source.relative_to(root)}"
                       for name in re.findall(r"\{(?:0|'.'), \"([a-z0-9-]+)\", FLAG_", source.read_text())
                       if not re.search(rf"^\.It Fl (\w , )?-{name}(\s|$)", text, re.MULTILINE)]
    return complaints


RULES = {rule.__name__: rule for rule in (
    arrows, cycles, headers, license, packages, readme, limits, sized, manuals, manpages, flags, style, gcc,
    clang, symbols, hardening)}
