# SPDX-License-Identifier: MIT
#
# How everything is compiled. Warnings are always on; the presets dev, asan and tsan, and
# `make check`, make errors of them (CMAKE_COMPILE_WARNING_AS_ERROR).

add_compile_definitions(_GNU_SOURCE)
add_compile_options(-Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wpointer-arith -Wvla)

set(CMAKE_C_FLAGS_RELEASE "-O2 -g -DNDEBUG")

if(WEFT_SANITIZE)
    add_compile_options(-fsanitize=${WEFT_SANITIZE} -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${WEFT_SANITIZE})
endif()
