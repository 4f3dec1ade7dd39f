# SPDX-License-Identifier: MIT
#
# weft_archive(TARGET OBJECTS...) - a static library whose global names all begin with weft_
#
#      objects of rooms --ld -r--> one object --objcopy: what is hidden becomes local--> an archive of it
#
# A hidden name is global all the same in the archive of several objects, and two `sha1` in a program are an
# error or, worse, one of them. In an archive of one object they can be local. What that costs, the linker's
# choice of objects, is given back by sections: --unique keeps those of each function apart, so that
# -Wl,--gc-sections throws away what a program does not use.
#
# Objects for LTO are fat (cmake/flags.cmake): what LTO would read is taken out, because it has the names too. What
# remains is what a build without LTO would have: an echo server is 8 bytes larger than with that.

if(NOT CMAKE_OBJCOPY)
    message(FATAL_ERROR "no objcopy: it is a part of binutils, and makes libweft.a")
endif()

function(weft_archive target)
    set(whole ${CMAKE_CURRENT_BINARY_DIR}/archives/${target}.o)
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/archives)
    add_custom_command(
        OUTPUT ${whole}
        COMMAND ${CMAKE_LINKER} -r --unique -o ${whole} ${ARGN}
        COMMAND ${CMAKE_OBJCOPY} --localize-hidden --remove-section=.gnu.lto_*
                --remove-section=.gnu.debuglto_* ${whole}
        DEPENDS ${ARGN}
        COMMENT "One object for ${target}"
        COMMAND_EXPAND_LISTS VERBATIM)
    add_library(${target} STATIC ${whole})
    set_source_files_properties(${whole} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
    set_target_properties(${target} PROPERTIES LINKER_LANGUAGE C)
endfunction()
