/* SPDX-License-Identifier: MIT
 *
 * base/oserror_gnu.c - the system's errors, as glibc knows them since 2.32
 */
#include "base/oserror.h"

#include <string.h>

const char *oserror_name(int number)
{
    return strerrorname_np(number);
}

const char *oserror_text(int number)
{
    return strerrordesc_np(number);
}
