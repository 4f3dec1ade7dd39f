# SPDX-License-Identifier: MIT
#
# The few commands that people type. CMake does the work, in build/<preset>.
#
#   make            build/release/weft, libweft.so, libweft.a, libweft-core.a
#   make demo       the demo site on http://localhost:8080, or PORT=9000
#   make test       every test, under AddressSanitizer and UBSan (PRESET=tsan, dev: under others)
#   make tsan       the rooms' tests under ThreadSanitizer
#   make check      the rules of the house: arrows, headers, symbols, style, warnings, manuals
#   make small      builds without compression, without TLS, without both; with musl; a smoke test of each
#   make abi-record the ABI that make check compares with, made anew
#   make fuzz       every harness of fuzz/ for FUZZ_TIME seconds (60); make fuzz-long: until one finds something
#   make conformance    every situation of the protocol, as server and as client, from outside
#   make abuse      what an attacker can do to the server, done; and what each kind of it costs, as a table
#   make chaos      200 clients of channels, a bad network, a server that is killed, for CHAOS_TIME seconds (60), with
#                   CHAOS_THREADS threads (4)
#   make proxies    that what is silent for 70 s behind nginx, HAProxy and Caddy is still there: docs/proxies.md
#   make bench      weft beside other servers and a bare TCP server: docs/performance.md, in forty minutes
#   make bench-quick    the same in four minutes, printed (and by hand: build/release/bench/idle_replies, HACKING.md)
#   make bench-gate     instructions for each message, against bench/baseline.txt
#   make bench-baseline     what that file holds, made anew
#   make coverage   which lines and branches the tests run
#   make install    honours PREFIX (/usr/local) and DESTDIR
#
# Each first installs what packages.txt asks for and the machine lacks (tools/setup).

PREFIX ?= /usr/local
DESTDIR ?=
PRESET ?= asan
FUZZ_TIME ?= 60
CHAOS_TIME ?= 60
CHAOS_THREADS ?= 4

all:
	@tools/setup build
	@tools/build release

demo: all
	build/release/weft demo $(if $(PORT),-p $(PORT))

test:
	@tools/setup test
	@tools/build $(PRESET)
	@tools/test $(PRESET)

tsan:
	@tools/setup test
	@tools/build tsan
	@tools/test tsan -R '^(base|ws|http|io|net|hub|aux|channel|cli)\.'

check:
	@tools/setup check
	tools/check

abi-record:
	@tools/setup check
	@tools/build release
	tools/abi --write

small:
	@tools/setup check
	tools/small

bench:
	@tools/setup build
	-@tools/setup bench
	@tools/build release
	tools/bench

bench-quick:
	@tools/setup build
	-@tools/setup bench
	@tools/build release
	tools/bench --quick

bench-gate:
	@tools/setup check
	@tools/build release
	bench/instructions.py

bench-baseline:
	@tools/setup check
	@tools/build release
	bench/instructions.py --write

fuzz:
	@tools/setup check
	@tools/build fuzz
	tools/fuzz $(FUZZ_TIME)

fuzz-long:
	@tools/setup check
	@tools/build fuzz
	tools/fuzz 0

conformance:
	@tools/setup test
	@tools/build $(PRESET)
	WEFT_BUILD=build/$(PRESET) tests/conformance/run

abuse:
	@tools/setup test
	@tools/build release
	WEFT_BUILD=build/release tests/abuse/run
	WEFT_BUILD=build/release tests/abuse/costs

chaos:
	@tools/setup test
	@tools/build $(PRESET)
	@cd tests/e2e && npm ci --ignore-scripts --no-audit --no-fund
	CHAOS_SERVER=serve CHAOS_TIME=$(CHAOS_TIME) CHAOS_THREADS=$(CHAOS_THREADS) WEFT_BUILD=$(CURDIR)/build/$(PRESET) node --test tests/e2e/chaos.test.mjs

proxies:
	@tools/setup test
	@tools/build $(PRESET)
	cd tests/e2e && npm ci --ignore-scripts --no-audit --no-fund
	PROXIES_SILENCE=70 WEFT_BUILD=build/$(PRESET) node --test --test-name-pattern=silent tests/e2e/proxies.test.mjs

coverage:
	@tools/setup test
	@tools/build coverage
	@find build/coverage -name '*.gcda' -delete
	@tools/test coverage
	tools/coverage

install:
	@tools/setup build
	@tools/build release -DCMAKE_INSTALL_PREFIX=$(PREFIX)
	DESTDIR=$(DESTDIR) cmake --install build/release

format:
	@tools/setup check
	git ls-files '*.c' '*.h' '*.cpp' '*.hpp' | xargs clang-format -i

clean:
	rm -rf build

.PHONY: all demo test tsan check small abi-record bench bench-quick bench-gate bench-baseline fuzz fuzz-long conformance abuse chaos proxies coverage install format clean
