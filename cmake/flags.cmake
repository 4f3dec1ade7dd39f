# SPDX-License-Identifier: MIT
#
# How everything is compiled. Warnings are always on; the presets dev, asan and tsan, and
# `make check`, make errors of them (CMAKE_COMPILE_WARNING_AS_ERROR).

add_compile_definitions(_GNU_SOURCE)
add_compile_options(-Wall -Wextra -Wshadow -Wconversion -Wpointer-arith -Wvla
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes> $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>)

set(CMAKE_C_FLAGS_RELEASE "-O2 -g -DNDEBUG")

# The rooms are small files; the linker sees through them. Objects are fat, because libweft.a is
# made of what is in them for linkers that do not (cmake/archive.cmake).
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    add_compile_options($<$<CONFIG:Release>:-flto=auto> $<$<CONFIG:Release>:-ffat-lto-objects>)
    add_link_options($<$<CONFIG:Release>:-flto=auto>)
endif()

# Hardening of what is installed, as far as the compiler knows it. A batch of echoes costs 5 % more
# instructions in user mode, of a message that is nine tenths kernel.
include(CheckCCompilerFlag)
foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=full)
    string(MAKE_C_IDENTIFIER "WEFT_HAS${flag}" has)
    check_c_compiler_flag(${flag} ${has})
    if(${has})
        add_compile_options($<$<CONFIG:Release>:${flag}>)
    endif()
endforeach()
add_compile_options($<$<CONFIG:Release>:-U_FORTIFY_SOURCE> $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=3>)
add_link_options($<$<CONFIG:Release>:-Wl,-z,relro,-z,now>)

# Debian's start-up files (crt1.o, crti.o) carry no mark of CET, and without it on every object the linker
# gives none. For shadow stacks nothing is lacking in them, so the mark is asked for. For IBT there is: they
# have no landing pads.
include(CheckLinkerFlag)
check_linker_flag(C -Wl,-z,shstk WEFT_HAS_SHSTK)
if(WEFT_HAS_SHSTK AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|i.86)$")
    add_link_options($<$<CONFIG:Release>:-Wl,-z,shstk>)
endif()

if(WEFT_SANITIZE)
    add_compile_options(-fsanitize=${WEFT_SANITIZE} -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${WEFT_SANITIZE})
endif()
