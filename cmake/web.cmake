# SPDX-License-Identifier: MIT
#
# web/ and js/weft.js inside the program: ${web_files_c} is the table that src/cli/web_files.h declares. It is made
# again when a page changes, comes or goes.

file(GLOB_RECURSE web_pages CONFIGURE_DEPENDS web/*)
list(SORT web_pages)
set(web_scripts ${PROJECT_SOURCE_DIR}/js/weft.js ${PROJECT_SOURCE_DIR}/js/weft.mjs)
set(web_files_c ${CMAKE_CURRENT_BINARY_DIR}/generated/web_files.c)

add_custom_command(
    OUTPUT ${web_files_c}
    COMMAND ${CMAKE_COMMAND} -D root=${PROJECT_SOURCE_DIR}/web -D "pages=${web_pages}"
            -D "scripts=${web_scripts}" -D out=${web_files_c} -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${web_pages} ${web_scripts} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    COMMENT "Embedding web/"
    VERBATIM)
