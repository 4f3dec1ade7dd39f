#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Builds CMakeLists.txt of this folder, which finds the installed CMake package, and runs its programs.
set -euo pipefail

out=$WEFT_BUILD/tests/install/find_package
cmake -G Ninja -S "$WEFT_SRC/tests/install" -B "$out" -Wno-dev \
    -D CMAKE_C_COMPILER="$CC" -D CMAKE_C_FLAGS="$CFLAGS" -D CMAKE_PREFIX_PATH="$STAGE$PREFIX"
cmake --build "$out"
for program in shared static core; do "$out/$program"; done
