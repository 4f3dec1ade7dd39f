/* SPDX-License-Identifier: MIT
 *
 * Figures become the lines that Prometheus reads; tests/e2e/seeing.test.mjs has them read by its own parser.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/metrics_text.h"

static struct buffer out;

static struct metrics_text begin(void)
{
    buffer_clear(&out);
    return (struct metrics_text){.out = &out};
}

static void expect(const char *text)
{
    buffer_add(&out, "", 1);
    assert_false(out.failed);
    assert_string_equal((const char *)out.data, text);
    buffer_free(&out);
}

static void a_family_and_its_samples(void **state)
{
    (void)state;
    struct metrics_text t = begin();
    metrics_family(&t, "a_total", "counter", "What is counted.");
    metrics_count(&t, 7);
    metrics_family(&t, "b", "gauge", "What is measured.");
    metrics_label(&t, "one", "x");
    metrics_label(&t, "two", "y");
    metrics_real(&t, 0.5);
    metrics_label(&t, "one", "z");
    metrics_real(&t, 1e9);
    expect(
        "# HELP a_total What is counted.\n# TYPE a_total counter\na_total 7\n"
        "# HELP b What is measured.\n# TYPE b gauge\nb{one=\"x\",two=\"y\"} 0.5\nb{one=\"z\"} 1000000000\n");
}

static void what_may_not_stand_there_is_escaped(void **state)
{
    (void)state;
    struct metrics_text t = begin();
    metrics_family(&t, "a", "gauge", "a \"b\" \\ and\nc");
    metrics_label(&t, "file", "C:\\x \"y\"\n\xc3\xa9");
    metrics_count(&t, 1);
    metrics_label(&t, "file", "\xff");
    metrics_count(&t, 1);
    expect("# HELP a a \"b\" \\\\ and\\nc\n# TYPE a gauge\n"
           "a{file=\"C:\\\\x \\\"y\\\"\\n\xc3\xa9\"} 1\na{file=\"?\"} 1\n");
}

static void counts_have_all_their_digits(void **state)
{
    (void)state;
    struct metrics_text t = begin();
    metrics_family(&t, "a_total", "counter", "a");
    metrics_count(&t, UINT64_MAX);
    metrics_count(&t, UINT64_MAX + UINT64_C(1));
    expect("# HELP a_total a\n# TYPE a_total counter\na_total 18446744073709551615\na_total 0\n");
}

static void buckets_count_what_is_not_longer(void **state)
{
    (void)state;
    struct metrics_histogram h = {.sum_us = 2000150};
    struct metrics_text t = begin();
    h.buckets[metrics_bucket(0)]++;
    h.buckets[metrics_bucket(50)]++;
    h.buckets[metrics_bucket(51)]++;
    h.buckets[metrics_bucket(1000000)]++;
    h.buckets[metrics_bucket(1000001)]++;
    metrics_family(&t, "s", "histogram", "s");
    metrics_spread(&t, &h);
    expect("# HELP s s\n# TYPE s histogram\n"
           "s_bucket{le=\"5e-05\"} 2\ns_bucket{le=\"0.0001\"} 3\ns_bucket{le=\"0.00025\"} 3\n"
           "s_bucket{le=\"0.0005\"} 3\ns_bucket{le=\"0.001\"} 3\ns_bucket{le=\"0.0025\"} 3\n"
           "s_bucket{le=\"0.005\"} 3\ns_bucket{le=\"0.01\"} 3\ns_bucket{le=\"0.025\"} 3\n"
           "s_bucket{le=\"0.05\"} 3\ns_bucket{le=\"0.1\"} 3\ns_bucket{le=\"0.25\"} 3\n"
           "s_bucket{le=\"1\"} 4\ns_bucket{le=\"+Inf\"} 5\ns_sum 2.00015\ns_count 5\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_family_and_its_samples),
        cmocka_unit_test(what_may_not_stand_there_is_escaped),
        cmocka_unit_test(counts_have_all_their_digits),
        cmocka_unit_test(buckets_count_what_is_not_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
