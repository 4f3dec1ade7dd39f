/* SPDX-License-Identifier: MIT
 *
 * http/date.c - dates without the C library: no locale, no time zone, no static buffers
 *
 * Days are counted in the proleptic Gregorian calendar with years that begin in March, so that the
 * leap day comes last.
 */
#include "http/date.h"

#include <stdio.h>

static const char *const day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct date {
    int year, month, day; /* month 1 to 12 */
    int hour, minute, second;
};

enum { DAY = 86400, TO_1970 = 719468 };          /* days from 0000-03-01 */
static const int64_t LAST_SECOND = 253402300799; /* of the year 9999 */

static int64_t days_from(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return y * 365 + y / 4 - y / 100 + y / 400 + in_year - TO_1970;
}

static void date_from_days(int64_t days, struct date *d)
{
    int64_t z = days + TO_1970, era = z / 146097, of_era = z % 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t in_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t month = (5 * in_year + 2) / 153;
    d->day = (int)(in_year - (153 * month + 2) / 5 + 1);
    d->month = (int)(month < 10 ? month + 3 : month - 9);
    d->year = (int)(y + era * 400 + (d->month <= 2));
}

void date_format(int64_t seconds, char out[HTTP_DATE_SIZE])
{
    if (seconds < 0) seconds = 0;
    if (seconds > LAST_SECOND) seconds = LAST_SECOND;
    int64_t days = seconds / DAY;
    int rest = (int)(seconds % DAY);
    struct date d;
    date_from_days(days, &d);
    snprintf(out, HTTP_DATE_SIZE, "%.3s, %02u %s %04u %02u:%02u:%02u GMT",
             day_names[(days + 4) % 7], (unsigned)d.day % 100, month_names[d.month - 1],
             (unsigned)d.year % 10000, (unsigned)rest / 3600 % 24, (unsigned)rest / 60 % 60,
             (unsigned)rest % 60);
}

/* ---- parsing: a cursor over the text; every step says whether it fits ------------------------ */

static bool literal(weft_bytes *in, const char *text)
{
    size_t n = strlen(text);
    if (in->len < n || memcmp(in->data, text, n) != 0) return false;
    *in = bytes_from(*in, n);
    return true;
}

static bool digits(weft_bytes *in, size_t n, int *out)
{
    if (in->len < n) return false;
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        if (in->data[i] < '0' || in->data[i] > '9') return false;
        *out = *out * 10 + (in->data[i] - '0');
    }
    *in = bytes_from(*in, n);
    return true;
}

static bool day_name(weft_bytes *in, bool whole)
{
    for (int i = 0; i < 7; i++) {
        char name[4] = {day_names[i][0], day_names[i][1], day_names[i][2], 0};
        if (literal(in, whole ? day_names[i] : name)) return true;
    }
    return false;
}

static bool month_name(weft_bytes *in, int *out)
{
    for (*out = 1; *out <= 12; ++*out)
        if (literal(in, month_names[*out - 1])) return true;
    return false;
}

static bool clock_time(weft_bytes *in, struct date *d)
{
    return digits(in, 2, &d->hour) && literal(in, ":") && digits(in, 2, &d->minute) &&
           literal(in, ":") && digits(in, 2, &d->second);
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool parse_imf(weft_bytes in, struct date *d)
{
    return day_name(&in, false) && literal(&in, ", ") && digits(&in, 2, &d->day) &&
           literal(&in, " ") && month_name(&in, &d->month) && literal(&in, " ") &&
           digits(&in, 4, &d->year) && literal(&in, " ") && clock_time(&in, d) &&
           literal(&in, " GMT") && !in.len;
}

/* Sunday, 06-Nov-94 08:49:37 GMT */
static bool parse_rfc850(weft_bytes in, struct date *d)
{
    bool ok = day_name(&in, true) && literal(&in, ", ") && digits(&in, 2, &d->day) &&
              literal(&in, "-") && month_name(&in, &d->month) && literal(&in, "-") &&
              digits(&in, 2, &d->year) && literal(&in, " ") && clock_time(&in, d) &&
              literal(&in, " GMT") && !in.len;
    d->year += d->year < 70 ? 2000 : 1900;
    return ok;
}

/* Sun Nov  6 08:49:37 1994 */
static bool parse_asctime(weft_bytes in, struct date *d)
{
    return day_name(&in, false) && literal(&in, " ") && month_name(&in, &d->month) &&
           literal(&in, " ") &&
           (literal(&in, " ") ? digits(&in, 1, &d->day) : digits(&in, 2, &d->day)) &&
           literal(&in, " ") && clock_time(&in, d) && literal(&in, " ") &&
           digits(&in, 4, &d->year) && !in.len;
}

static int month_days(const struct date *d)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = d->year % 4 == 0 && (d->year % 100 != 0 || d->year % 400 == 0);
    return days[d->month - 1] + (d->month == 2 && leap);
}

bool date_parse(weft_bytes text, int64_t *seconds)
{
    struct date d = {0};
    if (!parse_imf(text, &d) && !parse_rfc850(text, &d) && !parse_asctime(text, &d)) return false;
    /* a leap second is allowed by the grammar */
    if (d.day < 1 || d.day > month_days(&d) || d.hour > 23 || d.minute > 59 || d.second > 60)
        return false;
    int64_t days = days_from(d.year, d.month, d.day);
    *seconds = days * DAY + d.hour * 3600 + d.minute * 60 + d.second;
    return true;
}
