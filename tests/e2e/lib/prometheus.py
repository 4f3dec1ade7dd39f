# SPDX-License-Identifier: MIT
"""Figures on stdin, read by the parser of Prometheus' own client library; on stdout the same as JSON:

{"weft_refusals_total": {"type": "counter", "help": "...", "samples": [["weft_refusals_total", {"reason": "404"}, 1.0]]}}

Families are named as their samples are: the parser leaves _total out.
"""
import json
import sys

from prometheus_client.parser import text_string_to_metric_families

families = {}
for family in text_string_to_metric_families(sys.stdin.read()):
    name = family.name + '_total' * (family.type == 'counter')
    assert name not in families, f'{name} comes twice'
    families[name] = {
        'type': family.type,
        'help': family.documentation,
        'samples': [[s.name, s.labels, s.value] for s in family.samples],
    }
json.dump(families, sys.stdout)
