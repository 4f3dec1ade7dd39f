# SPDX-License-Identifier: MIT
"""tests/abuse/bystander.py PORT [tls] - an honest client, to see whether it suffers

A process of its own, so that the attacker's work does not count as the server's. Sends a small message every few
milliseconds and waits for its echo. For each line on stdin it prints the median and the 99th percentile of the round
trips since the line before, in milliseconds; it ends with stdin, or when it was not served.
"""
import os
import select
import ssl
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e', 'lib'))
from weft import TEXT, Raw, frame  # noqa: E402

PAUSE = 0.002
WIRE = frame(TEXT, b'x' * 64)


def connected():
    raw = Raw(int(sys.argv[1]))
    if 'tls' in sys.argv:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        raw.socket = context.wrap_socket(raw.socket)
    return raw.open('/echo')


raw = connected()
trips = []
while True:
    start = time.monotonic()
    raw.send(WIRE)
    if raw.frame().payload != b'x' * 64:
        sys.exit('another answer than the echo')
    trips.append(time.monotonic() - start)
    if select.select([sys.stdin], [], [], PAUSE)[0]:
        if not sys.stdin.readline():
            break
        trips.sort()
        print(*(f'{trips[len(trips) * part // 100] * 1000:.3f}' for part in (50, 99)), flush=True)
        trips = []
