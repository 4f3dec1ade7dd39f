#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Builds a program on each installed library with what pkg-config says, and runs it.
set -euo pipefail

# weft.pc as it was staged, and behind it the system's, for what weft itself needs.
export PKG_CONFIG_LIBDIR=$STAGE$PREFIX/$LIBDIR/pkgconfig:$(pkg-config --variable pc_path pkg-config)
export PKG_CONFIG_SYSROOT_DIR=$STAGE
export LD_LIBRARY_PATH=$STAGE$PREFIX/$LIBDIR
here=$WEFT_SRC/tests/install
out=$WEFT_BUILD/tests/install/pkg_config
mkdir -p "$out"

# Word splitting is wanted: these are lists of flags.
build() { # PROGRAM SOURCE FLAGS...
    "$CC" $CFLAGS -std=c11 -pedantic -Wall -Wextra -Werror -o "$out/$1" "$here/$2" "${@:3}"
    "$out/$1"
}

build shared server.c $(pkg-config --cflags --libs weft)
build static server.c $(pkg-config --static --cflags --libs weft | sed 's/-lweft\b/-l:libweft.a/')
build core session.c $(pkg-config --cflags --libs weft-core)
