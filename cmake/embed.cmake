# SPDX-License-Identifier: MIT
#
# cmake -D root=DIR -D pages="FILE;FILE" -D scripts="FILE;FILE" -D out=web_files.c -P embed.cmake
#
# Writes each page as an array of bytes, and one table of them all (src/cli/web_files.h). Scripts are for other people's
# pages, by their names alone, and go without comments, indentation and blanks around operators.

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

foreach(script IN LISTS scripts)
    get_filename_component(name ${script} NAME)
    get_filename_component(bare ${out}.${name} ABSOLUTE)
    file(READ ${script} text)
    string(REGEX REPLACE "\n *//[^\n]*" "" text "${text}")
    string(REGEX REPLACE "\n */\\*\\*[^\n]*\\*/" "" text "${text}")
    string(REGEX REPLACE " // [^\n]*" "" text "${text}")
    string(REGEX REPLACE "\n +" "\n" text "${text}")
    string(REGEX REPLACE "\n\n+" "\n" text "${text}")
    string(REGEX REPLACE "([{,(;])\n" "\\1" text "${text}")
    string(REPLACE "{ " "{" text "${text}")
    string(REPLACE " }" "}" text "${text}")
    string(REGEX REPLACE " (=>|=|===|!==|&&|[|][|]|[?][?]|[?:+<>*]) " "\\1" text "${text}")
    file(WRITE ${bare} "${text}")
    set(path_of_${bare} ${name})
    list(APPEND pages ${bare})
endforeach()

set(arrays "")
set(rows "")
set(n 0)
foreach(page IN LISTS pages)
    file(RELATIVE_PATH path ${root} ${page})
    if(DEFINED path_of_${page})
        set(path ${path_of_${page}})
    endif()
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
