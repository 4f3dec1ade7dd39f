# SPDX-License-Identifier: MIT
#
# cmake -D root=DIR -D pages="FILE;FILE" -D out=web_files.c -P embed.cmake
#
# Writes each page as an array of bytes, and one table of them all (src/cli/web_files.h).

set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_mjs "text/javascript; charset=utf-8")
set(type_json "application/json")
set(type_txt "text/plain; charset=utf-8")
set(type_md "text/markdown; charset=utf-8")
set(type_svg "image/svg+xml")
set(type_png "image/png")
set(type_jpg "image/jpeg")
set(type_webp "image/webp")
set(type_ico "image/x-icon")
set(type_woff2 "font/woff2")

set(arrays "")
set(rows "")
set(n 0)
foreach(page IN LISTS pages)
    file(RELATIVE_PATH path ${root} ${page})
    string(REGEX REPLACE ".*\\." "" ext ${path})
    set(type "${type_${ext}}")
    if(NOT type)
        message(FATAL_ERROR "web/${path}: cmake/embed.cmake knows no type for .${ext}")
    endif()
    file(SIZE ${page} size)
    file(READ ${page} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(................................................................................)"
        "\\1\n" bytes "${bytes}")
    if(size EQUAL 0)
        set(bytes "0")
    endif()
    string(APPEND arrays "static const unsigned char file_${n}[] = {\n${bytes}};\n\n")
    string(APPEND rows "    {\"/${path}\", \"${type}\", file_${n}, ${size}},\n")
    math(EXPR n "${n} + 1")
endforeach()
if(n EQUAL 0)
    set(rows "    {0},\n")
endif()

file(WRITE ${out} "/* Made by cmake/embed.cmake from web/. */
#include \"cli/web_files.h\"

${arrays}const struct web_file web_files[] = {
${rows}};

const size_t n_web_files = ${n};
")
