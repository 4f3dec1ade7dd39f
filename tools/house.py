# SPDX-License-Identifier: MIT
"""The rules of the house. A rule is a function of the tree's root that returns complaints: each says
where, what is wrong, and what would be right."""

import json
import os
import platform
import re
import subprocess
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePath

# Which rooms the files of a room may include and call, beside what is public (<weft/...>). net has rooms of its
# own; the files that lie in net itself are the seam between them.
BOXES = ["ws", "http", "io", "base"]
ARROWS = {
    "base": ["base"],
    "ws": ["ws", "base"],
    "http": ["http", "base"],
    "io": ["io", "base"],
    "net": ["net", *BOXES],
    "net/wire": ["net/wire", "net", *BOXES],
    "net/web": ["net/web", "net", *BOXES],
    "net/ws": ["net/ws", "net", *BOXES],
    "net/server": ["net/server", "net/wire", "net/web", "net/ws", "net", *BOXES],
    "net/client": ["net/client", "net/wire", "net/ws", "net", *BOXES],
    "hub": ["hub"],
    "aux": ["aux"],
    "channel": ["channel"],
    "access": ["access"],
    "cli": ["cli", "access"],
}

# So many files of a room may need each other in a circle: one idea in a few files.
CIRCLE_MAX = 4

# Where there is C of ours.
C_FOLDERS = ["include", "src", "tests", "examples", "bench", "fuzz"]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def run(*command, cwd=None):
    """The exit status and everything that was printed."""
    done = subprocess.run([str(c) for c in command], cwd=cwd, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout.strip()


def c_files(root, *folders):
    return sorted(f for folder in folders for suffix in ("*.c", "*.h")
                  for f in (root / folder).rglob(suffix))


def cpp_files(root):
    return sorted(f for suffix in ("*.cpp", "*.hpp") for f in (root / "examples").rglob(suffix))


def includes(file):
    """(line number, '<' or '"', name) of each #include."""
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match[1], match[2]


# ---- includes -----------------------------------------------------------------------------------


def room_of(path):
    """The room of a file that is named from src/: the innermost of its folders that is one, or None."""
    return next((str(folder) for folder in PurePath(path).parents if str(folder) in ARROWS), None)


def folders_that_are_no_room(root):
    """All of src/ is rooms, and so is all of a room that has some of its own."""
    for parent in sorted({str(PurePath(room).parent) for room in ARROWS}):
        for folder in sorted((root / "src" / parent).glob("*")):
            if folder.is_dir() and str(folder.relative_to(root / "src")) not in ARROWS:
                yield f"{folder.relative_to(root)}: not a room; the rooms are {' '.join(ARROWS)}"


def wrong_arrow(allowed, quote, name):
    """What is wrong with this #include in a file that may include the rooms allowed, or None."""
    if name.startswith("weft/"):
        return None if quote == "<" else f"a public header is written <{name}>"
    if quote == "<":
        return None
    room = room_of(name)
    if not room:
        return f'"{name}" is not written from src/: write "room/file.h"'
    if room not in allowed:
        may = " ".join(allowed) or "no room"
        return f'"{name}" goes against the arrows: only {may} and <weft/...> may be included here'
    return None


def arrows(root):
    """Rooms include only the rooms below them, net's rooms too; public headers only public headers."""
    complaints = list(folders_that_are_no_room(root))
    for file in c_files(root, "include/weft", "examples", "src"):
        allowed = ARROWS.get(room_of(file.relative_to(root / "src")), []) \
            if file.is_relative_to(root / "src") else []
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


# What is not code, and the names of the wire.
NO_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
WIRE_WORD = re.compile(r"\b(?:(?:struct\s+)?(?:wire|phase)(?:_\w+)?|WIRE_\w+|struct\s+duplex|duplex_\w+)\b")


def code_lines(file):
    """(line number, line) without comments, strings and characters; the name in an #include is a string."""
    text = NO_CODE.sub(lambda match: "\n" * match[0].count("\n"), file.read_text())
    return enumerate(text.splitlines(), 1)


def seam(root):
    """Who is carried does not know by what: outside net/wire and the lane nobody names the wire."""
    src = root / "src"
    knows = {src / "net/lane.c", src / "net/lane.h", *c_files(src, "net/wire")}
    return [f"{file.relative_to(root)}:{number}: `{word}` is the wire's, which only net/wire and net/lane know: "
            "ask the lane"
            for file in c_files(src, "net", "hub", "aux", "channel", "cli") if file not in knows
            for number, line in code_lines(file)
            for word in dict.fromkeys(WIRE_WORD.findall(line))]


# The language that is written, and the compilers and standards that public headers are for. 2x is what gcc 12 and
# clang 14 call C23.
LANGUAGES = [("c", ("gcc", "clang"), ("c99", "c11", "c2x")),
             ("c++", ("g++", "clang++"), ("c++11", "c++17", "c++20"))]
BIT_FIELD = re.compile(r"^\s+\w[\w\s]*\b(\w+)?\s*:\s*\d+\s*;")


def compiles_alone(root, header, compiler, language, standard):
    """None, or what the compiler says of a file that includes this header and nothing else."""
    status, said = run(compiler, f"-std={standard}", "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only",
                       f"-I{root}/include", "-include", header, "-x", language, "/dev/null")
    return said if status else None


def headers(root):
    """Each public header compiles alone in every C from C99 and every C++ from C++11, with gcc and clang; and none
    has a bit-field, whose place in a struct another language has to guess."""
    names = [header.relative_to(root / "include") for header in c_files(root, "include/weft")]
    wanted = [(name, compiler, language, standard) for name in names
              for language, compilers, standards in LANGUAGES for compiler in compilers for standard in standards]
    with ThreadPoolExecutor() as several:
        said = list(several.map(lambda one: compiles_alone(root, *one), wanted))
    complaints = [f"include/{name}: does not compile alone with {compiler} -std={standard}; include what it uses\n{why}"
                  for (name, compiler, _, standard), why in zip(wanted, said) if why]
    return complaints + [f"include/{name}:{number}: a bit-field; let it be a bool or a number of its own"
                         for name in names for number, line in code_lines(root / "include" / name)
                         if BIT_FIELD.match(line)]


# ---- builds -------------------------------------------------------------------------------------


def configure(root, compiler, preset):
    """(folder, status, said): everything like the preset, tests too, with warnings as errors."""
    folder = root / "build" / f"check-{compiler}"
    return folder, *run("cmake", "--preset", preset, "-B", folder, "-DWEFT_TESTS=ON",
                        f"-DCMAKE_C_COMPILER={compiler}", "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON", cwd=root)


def gcc(root):
    """Everything builds with gcc as it is released, without a warning."""
    folder, status, said = configure(root, "gcc", "release")
    if status == 0:
        status, said = run("cmake", "--build", folder, "--", "-k", "0", "--quiet")
    return [f"does not build with gcc and warnings as errors\n{said[-8000:]}"] if status else []


def look_at(command):
    """What the compiler says of one source; its warnings do not wait for the optimiser, nor for code."""
    words = re.sub(r" -o \S+ -c ", " -fsyntax-only ", command["command"])
    return run("sh", "-c", words, cwd=command["directory"])


def clang(root):
    """Everything compiles with clang, without a warning. (That it links, too, is seen where the harnesses are.)"""
    folder, status, said = configure(root, "clang", "dev")
    if status:
        return [f"cannot be configured for clang\n{said[-8000:]}"]
    commands = [command for command in json.loads((folder / "compile_commands.json").read_text())
                if Path(command["file"]).exists()]  # one is made by the build
    with ThreadPoolExecutor(os.cpu_count()) as several:
        said = [words for status, words in several.map(look_at, commands) if status]
    return ["does not compile with clang and warnings as errors\n" + "\n".join(said)[-8000:]] if said else []


def public_functions(root):
    """{name: header} of every function that a public header declares with WEFT_API."""
    declaration = re.compile(r"^WEFT_API\b[^;(]*?\b(\w+)\s*\(", re.MULTILINE)
    return {name: header.relative_to(root) for header in c_files(root, "include/weft")
            for name in declaration.findall(header.read_text())}


# ---- who needs whom, by what was built ----------------------------------------------------------


def objects(root):
    """{source, named from src/: its object} of the build that the rule gcc makes. An object has to be of one
    source, so there is nothing to see in a unity build."""
    folder, src = root / "build" / "check-gcc", root / "src"
    commands = folder / "compile_commands.json"
    built = json.loads(commands.read_text()) if commands.exists() else []
    return {str(Path(c["file"]).relative_to(src)): folder / re.search(r" -o (\S+)", c["command"])[1]
            for c in built if Path(c["file"]).is_relative_to(src)}


def object_symbols(root):
    """{source: (global symbols that its object defines, those that it needs)}"""
    sources = {str(file): source for source, file in objects(root).items()}
    found = {source: (set(), set()) for source in sources.values()}
    source = next(iter(found), None)  # of one file alone readelf says no name
    for line in run("readelf", "--symbols", "--wide", *sources)[1].splitlines():
        fields = line.split()
        if len(fields) == 2 and fields[0] == "File:":
            source = sources[fields[1]]
        elif len(fields) == 8 and fields[4] in ("GLOBAL", "WEAK"):
            found[source][fields[6] == "UND"].add(fields[7])
    return found


def not_built(root):
    """Why nothing can be said of the objects, as a list of one complaint, or of none."""
    lacking = [source for source, file in objects(root).items() if not file.exists()]
    if lacking or not objects(root):
        return [f"build/check-gcc has no object of src/{(lacking or [''])[0]}; the rule gcc builds it"]
    if any("__gnu_lto_slim" in defined for defined, _ in object_symbols(root).values()):
        return ["build/check-gcc: the objects hold nothing but what LTO reads; add -ffat-lto-objects"]
    return []


def calls_between(root):
    """{(a, b): names}: the source a calls or reads what the source b defines."""
    symbols_of = object_symbols(root)
    home = {name: source for source, (defined, _) in symbols_of.items() for name in defined}
    between = defaultdict(set)
    for source, (_, needed) in symbols_of.items():
        for name in needed & set(home):
            between[source, home[name]].add(name)
    return between


def some(names, most=4):
    names = sorted(names)
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def calls(root):
    """Calls go the way of includes: whoever declares a function by himself goes against the arrows, too. What is
    public may be called by the rooms that know nothing else of the library."""
    if complaints := not_built(root):
        return complaints
    public = set(public_functions(root))
    for (a, b), names in sorted(calls_between(root).items()):
        allowed = ARROWS.get(room_of(a), [])
        on_the_api = "base" not in allowed
        wrong = names - public if on_the_api else names
        if room_of(b) not in allowed and wrong:
            complaints.append(f"src/{a} calls {some(wrong)} of src/{b} against the arrows: only "
                              f"{' '.join(allowed)} may be called here")
    return complaints


def family(root, path):
    """x.h and x.c are one: the name of both is x, from src/."""
    source = PurePath(path).with_suffix(".c")
    return str(source.with_suffix("")) if (root / "src" / source).exists() else str(path)


def needs(root, room):
    """{a: {b: why}}: the files of a room that include or call others of it."""
    why = defaultdict(lambda: defaultdict(list))

    def note(a, b, reason):
        a, b = family(root, a), family(root, b)
        if a != b and a.startswith(room + "/") and b.startswith(room + "/"):
            why[a][b].append(reason)

    for file in c_files(root / "src", room):
        for _, quote, name in includes(file):
            if quote == '"':
                note(file.relative_to(root / "src"), name, f"includes {PurePath(name).name}")
    for (a, b), names in sorted(calls_between(root).items()):
        note(a, b, f"calls {some(names)}")
    return why


def reached(graph, start):
    """Whatever can be reached from start in one step or more."""
    found, ahead = set(), [start]
    while ahead:
        new = set(graph.get(ahead.pop(), ())) - found
        found |= new
        ahead += new
    return found


def knots(graph):
    """The largest sets in which each can be reached from each (strongly connected components), circles only."""
    reach = {node: reached(graph, node) for node in graph}
    return sorted({tuple(sorted(b for b in reach[a] if a in reach.get(b, ()))) for a in graph if a in reach[a]})


def circles(root):
    """No more than four files of a room need each other in a circle, by includes and calls
    together; net is one room here."""
    if complaints := not_built(root):
        return complaints
    for room in sorted({room.split("/")[0] for room in ARROWS}):
        why = needs(root, room)
        for knot in knots(why):
            if len(knot) > CIRCLE_MAX:
                arrows_in_it = [f"  {a} -> {b}  {'; '.join(dict.fromkeys(why[a][b]))}"
                                for a in knot for b in sorted(why[a]) if b in knot]
                complaints.append("\n".join([
                    f"src/{room}: a circle of {len(knot)} files, {CIRCLE_MAX} at most; move what they share below "
                    f"them, or tell instead of calling: {' '.join(knot)}", *arrows_in_it]))
    return complaints


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


VERSION = re.compile(r"@@?WEFT_\d+\.\d+$")


def global_names(root, file):
    """The names that a library gives to whoever is linked with it, with their versions where it has some."""
    table = "--dyn-syms" if file.suffix == ".so" else "--symbols"
    rows = (line.split() for line in run("readelf", table, "--wide", file)[1].splitlines())
    return sorted({row[7] for row in rows if len(row) == 8 and row[4] in ("GLOBAL", "WEAK")
                   and row[6] not in ("UND", "ABS")})


def symbols(root):
    """libweft.so exports what the public headers declare, under a version of the interface; libweft.a has the same
    names, libweft-core.a some of them, and nothing else in them is global: neither clashes with a program's names."""
    folder = root / "build" / "check-gcc"
    libraries = [folder / name for name in ("libweft.so", "libweft.a", "libweft-core.a")]
    if lacking := [file for file in libraries if not file.exists()]:
        return [f"{lacking[0].relative_to(root)} is not built; the rule gcc builds it"]
    public, complaints = public_functions(root), []
    for library in libraries:
        names = global_names(root, library)
        complaints += [f"{library.name}: {name} has no version; cmake/weft.map gives it one"
                       for name in names if library.suffix == ".so" and not VERSION.search(name)]
        names = {VERSION.sub("", name) for name in names}
        complaints += [f"{library.name} exports {name}: names of the library begin with weft_; drop its "
                       "visibility attribute, or make it static"
                       for name in sorted(names) if not name.startswith("weft_")]
        complaints += [f"{library.name} exports {name}, which no public header declares with WEFT_API"
                       for name in sorted(names - set(public)) if name.startswith("weft_")]
        complaints += [f"{header}: declares {name}, but {library.name} has no such function; define it"
                       for name, header in sorted(public.items())
                       if name not in names and library.name != "libweft-core.a"]
    return complaints


# The ABI of 64 bits on x86, as libabigail sees it, without what depends on where and how it was built.
ABI_RECORD = "cmake/abi/libweft.abi"
ABI_FLAGS = ["--drop-private-types", "--drop-undefined-syms", "--exported-interfaces-only", "--no-corpus-path",
             "--no-show-locs", "--no-comp-dir-path", "--no-elf-needed", "--no-parameter-names", "--type-id-style", "hash"]
ABI_SYMBOL = re.compile(r"<elf-symbol name='(\w+)' version='(\w*\.\w*)'")


def abi_of(root, library):
    """What abidw says of a library that was built with -g: XML."""
    _, text = run("abidw", "--suppressions", root / "cmake/abi/private.ini", *ABI_FLAGS, library)
    return text.replace(f"{root}/", "") + "\n"


def abi(root):
    """libweft.so has what the record says, with the same layouts, and the record has all that it exports."""
    library, record = root / "build" / "check-gcc" / "libweft.so", root / ABI_RECORD
    if not library.exists():
        return [f"{library.relative_to(root)} is not built; the rule gcc builds it"]
    if platform.machine() != "x86_64":
        return []
    recorded, now = (root / ABI_RECORD).read_text(), abi_of(root, library)
    complaints = [f"{name} of {version} is not in {ABI_RECORD}: run `make abi-record`, in the commit that adds it"
                  for name, version in sorted(set(ABI_SYMBOL.findall(now)) - set(ABI_SYMBOL.findall(recorded)))]
    with tempfile.NamedTemporaryFile("w", suffix=".abi") as file:
        file.write(now)
        file.flush()
        said = run("abidiff", "--no-added-syms", "--no-show-locs", root / ABI_RECORD, file.name)[1]
    said = re.sub(r"^(Functions|Variables) changes summary:.*\n?", "", said, flags=re.MULTILINE).strip()
    if said:
        complaints.append("the ABI differs from what was recorded. If a struct has grown as docs/abi.md has it, run "
                          f"`make abi-record` in the same commit; whatever else it is, programs break\n{said[:4000]}")
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
    files = c_files(root, *C_FOLDERS) + cpp_files(root)
    status, said = run("clang-format", "--dry-run", "-Werror",
                       *(f.relative_to(root) for f in files), cwd=root)
    return [f"run `make format`\n{said[:8000]}"] if status else []


# What clang-format leaves alone: comments.
WIDTH_MAX = 120


def width(root):
    """No line of C is too wide for a page: comments are not, the code is .clang-format's."""
    return [f"{f.relative_to(root)}:{number}: {len(line)} columns; break the comment before {WIDTH_MAX}"
            for f in c_files(root, *C_FOLDERS)
            for number, line in enumerate(f.read_text().splitlines(), 1) if len(line) > WIDTH_MAX]


# A function that is longer has two ideas. What does not count is a table in it: an array's initialiser.
LENGTH_MAX = 60
TABLE = re.compile(r"    \w[\w *]*\[[^=]*\] = \{$")


def functions(file):
    """(number of the first line of its body, the lines of the body) of each function."""
    body = None
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if line == "{":
            first, body = number + 1, []
        elif line.startswith("}") and body is not None:
            yield first, body
            body = None
        elif body is not None:
            body.append(line)


def ifs(root):
    """There is no #if in a function: a platform or a feature is a file."""
    return [f"{f.relative_to(root)}:{first + i}: an #if in a function; what differs is a file of its own"
            for f in c_files(root, *C_FOLDERS) for first, body in functions(f)
            for i, line in enumerate(body) if re.match(r"\s*#\s*(if|ifdef|ifndef)\b", line)]


def without_tables(body):
    inside = False
    for line in body:
        inside = inside or bool(TABLE.match(line))
        if not inside:
            yield line
        inside = inside and line != "    };"


def length(root):
    """A function can be seen at one glance, or at two."""
    lengths = [(f, first, len(list(without_tables(body))))
               for f in c_files(root, *C_FOLDERS) for first, body in functions(f)]
    return [f"{f.relative_to(root)}:{first}: a function of {n} lines; split it, {LENGTH_MAX} are many"
            for f, first, n in lengths if n > LENGTH_MAX]


def license(root):
    """Each file of C begins with its licence."""
    first = "/* SPDX-License-Identifier: MIT"
    return [f"{f.relative_to(root)}:1: the first line is not {first!r}"
            for f in c_files(root, *C_FOLDERS) + cpp_files(root)
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


# What the documentation may name in backticks: paths from the top of the tree; paths as an #include has them; names
# of C files. One is made, and not there to be found.
TOP_FOLDERS = "src tests include bench tools docs fuzz examples cmake web".split()
TOP_PATH = re.compile(rf"(?:{'|'.join(TOP_FOLDERS)})/[\w./*-]*")
INCLUDE_PATH = re.compile(rf"(?:weft|{'|'.join(room for room in ARROWS if '/' not in room)})/[a-z_*][\w./*-]*")
C_FILE = re.compile(r"[\w*-]+\.[ch]")
MADE = "tests/e2e/node_modules"


def names_nothing(root, word):
    """Whether this looks like a file, a folder or a program of one source, and is none. A star is anything."""
    if TOP_PATH.fullmatch(word) and word != MADE:
        places = [word.rstrip("/")]
    elif INCLUDE_PATH.fullmatch(word):
        places = [f"src/{word}", f"include/{word}"]
    elif C_FILE.fullmatch(word):
        places = [f"{folder}/**/{word}" for folder in ("src", "include", "tests", "examples", "bench", "fuzz")]
    else:
        return False
    return not any(next(root.glob(place + suffix), None) for place in places for suffix in ("", ".c"))


def words(root):
    """Every file that the documentation names in backticks, or links to, is there."""
    complaints = []
    for page in [root / "README.md", root / "HACKING.md", root / "SECURITY.md",
                 *sorted((root / "docs").glob("*.md"))]:
        text = re.sub(r"^```.*?^```", lambda block: "\n" * block[0].count("\n"), page.read_text(),
                      flags=re.MULTILINE | re.DOTALL) if page.exists() else ""
        for number, line in enumerate(text.splitlines(), 1):
            here = f"{page.relative_to(root)}:{number}"
            quoted = [word.rstrip(".,;:") for code in re.findall(r"`([^`]+)`", line) for word in code.split()]
            complaints += [f"{here}: there is no `{word}`; say what it is called now" for word in quoted
                           if names_nothing(root, word)]
            complaints += [f"{here}: the link to {link} leads nowhere"
                           for link in re.findall(r"\]\(([^)#:\s]+)", line) if not (page.parent / link).exists()]
    return complaints


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


XR = re.compile(r"^\.Xr ([\w-]+ [1-8])\b", re.MULTILINE)


def manlinks(root):
    """Manual pages that are named exist; what a page's text or its header's includes name, of weft's, stands in its SEE
    ALSO, in order; NAME has each public function of the header; and weft(3) names every page."""
    man = root / "docs" / "man"
    texts = {f"{page.stem} {page.suffix[1:]}": page.read_text() for page in sorted(man.glob("*.[137]"))}
    complaints = []
    for page, text in texts.items():
        name, section = page.split()
        seen = re.search(r"^\.Sh SEE ALSO\n(.*?)(?=^\.Sh |\Z)", text, re.MULTILINE | re.DOTALL)
        seen = XR.findall(seen[1]) if seen else []
        header = root / "include" / "weft" / f"{name.removeprefix('weft_')}.h"
        wanted = {link for link in XR.findall(text) if link.startswith("weft") and link != page}
        if name.startswith("weft_") and header.exists():
            wanted |= {f"weft_{other} 3" for other in re.findall(r"#include <weft/(\w+)\.h>", header.read_text())}
        said = f"docs/man/{name}.{section}"
        complaints += [f"{said}: SEE ALSO lacks {link}" for link in sorted(wanted - set(seen))]
        complaints += [f"{said}: there is no page {link}" for link in sorted(wanted | set(seen))
                       if link.startswith("weft") and link not in texts]
        if seen != sorted(seen, key=lambda link: link.split()[::-1]):
            complaints.append(f"{said}: SEE ALSO is not in order, by section and name")
    for name, header in sorted((public_functions(root) | inline_functions(root)).items()):
        head = texts.get(f"weft_{header.stem} 3", "").split(".Sh SYNOPSIS")[0]
        if not name.endswith("_sized") and not re.search(rf"^\.Nm {name}\b", head, re.MULTILINE):
            complaints.append(f"docs/man/weft_{header.stem}.3: NAME lacks {name}")
    complaints += [f"docs/man/weft.3: does not name {page}" for page in texts
                   if re.match(r"weft_\w+ 3$", page) and page not in XR.findall(texts.get("weft 3", ""))]
    return complaints


def flags(root):
    """The program's man pages have an entry for each of its flags; weft-bench(1) leaves some to weft(1), and flags that
    two commands have (access.c) are in the page of each."""
    man = root / "docs" / "man"
    complaints = []
    for source in sorted((root / "src" / "cli").glob("*.c")):
        first = source.name.split("_")[0].removesuffix(".c")
        own = {"access": ["weft-pub.1", "weft-sub.1"]}.get(first, [f"weft-{first}.1"])
        pages = [page for page in own if (man / page).exists()] or ["weft.1"]
        for page in pages:
            also = "weft.1" if first == "bench" else page
            text = "".join((man / name).read_text() for name in {page, also})
            complaints += [f"docs/man/{page}: has no entry for --{name} of {source.relative_to(root)}"
                           for name in re.findall(r"\{(?:0|'.'), \"([a-z0-9-]+)\", \.kind = FLAG_", source.read_text())
                           if not re.search(rf"^\.It Fl (\w , )?-{name}(\s|$)", text, re.MULTILINE)]
    return complaints


RULES = {rule.__name__: rule for rule in (
    arrows, cycles, seam, headers, license, packages, readme, words, limits, sized, manuals, manpages, manlinks, flags, style,
    width, ifs, length, gcc, clang, calls, circles, symbols, abi, hardening)}
