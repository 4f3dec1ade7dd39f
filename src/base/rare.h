/* SPDX-License-Identifier: MIT
 *
 * base/rare.h - marks a function off the usual path, so that the compiler keeps it, and the registers it
 * needs, out of the functions that are on it
 */
#ifndef BASE_RARE_H
#define BASE_RARE_H

#define RARE __attribute__((noinline, cold))

#endif
