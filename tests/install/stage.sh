#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Installs into $STAGE, as DESTDIR, and sees that everything is there that weft promises to install.
set -euo pipefail

rm -rf "$STAGE"
DESTDIR=$STAGE cmake --install "$WEFT_BUILD" >/dev/null

missing=0
promise() {
    if [ ! -e "$STAGE$PREFIX/$1" ]; then
        echo "not installed: $PREFIX/$1" >&2
        missing=1
    fi
}

promise bin/weft
for library in libweft.so libweft.so.0 libweft.a libweft-core.a; do promise "$LIBDIR/$library"; done
for pc in weft weft-core; do promise "$LIBDIR/pkgconfig/$pc.pc"; done
promise "$LIBDIR/cmake/weft/weft-config.cmake"
for header in "$WEFT_SRC"/include/weft/*.h; do promise "include/weft/${header##*/}"; done
for page in "$WEFT_SRC"/docs/man/*.[137]; do
    [ -e "$page" ] && promise "share/man/man${page##*.}/${page##*/}"
done
for text in README.md abi.md limits.md; do promise "share/doc/weft/$text"; done
for example in "$WEFT_SRC"/examples/*.* "$WEFT_SRC"/examples/cpp/*.*; do
    promise "share/doc/weft/${example#"$WEFT_SRC"/}"
done
"$STAGE$PREFIX/bin/weft" --version
exit $missing
