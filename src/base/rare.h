/* SPDX-License-Identifier: MIT
 *
 * base/rare.h - marks a function off the usual path, so that the compiler keeps it, and the registers it
 * needs, out of the functions that are on it; and one that is the usual path, so that it is part of its caller however
 * many callers that has
 */
#ifndef BASE_RARE_H
#define BASE_RARE_H

#define RARE  __attribute__((noinline, cold))
#define USUAL inline __attribute__((always_inline))

#endif
