/* SPDX-License-Identifier: MIT
 *
 * base/oserror.h - the system's errors in words: oserror_gnu.c asks libc, oserror_table.c is for one that has no answer
 */
#ifndef BASE_OSERROR_H
#define BASE_OSERROR_H

/* "ENOENT", and "No such file or directory". Constant, whatever the locale; NULL: there is no such error. */
const char *oserror_name(int number);
const char *oserror_text(int number);

#endif
