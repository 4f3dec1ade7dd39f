/* SPDX-License-Identifier: MIT
 *
 * base/error.c - errors in words, from the one list in weft/error.h; and the version
 */
#include "base/oserror.h"
#include <weft/base.h>

static const struct {
    int number;
    const char *name, *text;
} errors[] = {
#define ERROR_ROW(name, number, text) {WEFT_ERR_##name, "WEFT_ERR_" #name, text},
    WEFT_ERRORS(ERROR_ROW)
#undef ERROR_ROW
};

const char *weft_strerror(int error)
{
    if (error >= 0) return "success";
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].number == error) return errors[i].text;
    const char *text = error > WEFT_ERR_BASE ? oserror_text(-error) : NULL;
    return text ? text : "unknown error";
}

const char *weft_errname(int error)
{
    if (error >= 0) return "OK";
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].number == error) return errors[i].name;
    const char *name = error > WEFT_ERR_BASE ? oserror_name(-error) : NULL;
    return name ? name : "UNKNOWN";
}

const char *weft_version(void)
{
    return WEFT_VERSION;
}

uint32_t weft_version_number(void)
{
    return WEFT_VERSION_NUMBER;
}
