"""A million customers and more, in the memory of a few."""

from __future__ import annotations

import subprocess
import sys

MEASURE = """
import sys, tracemalloc
from halo_gocardless.twin import TokenKind, Twin, TwinConfig, create_app

twin = Twin(TwinConfig(customers=int(sys.argv[1])))
client = create_app(twin).test_client()
headers = {
    "Authorization": "Bearer " + twin.token(TokenKind.FULL),
    "GoCardless-Version": "2015-07-06",
}

def page(path):
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json

def visit():
    for path in ("/customers", "/mandates", "/payments", "/events", "/refunds", "/subscriptions"):
        cursor = ""
        for _ in range(5):
            after = page(path + "?limit=500" + cursor)["meta"]["cursors"]["after"]
            if after is None:
                break
            cursor = "&after=" + after

visit()
tracemalloc.start()
visit()
print(tracemalloc.get_traced_memory()[1])
"""


def _peak(customers: int) -> int:
    command = [sys.executable, "-c", MEASURE, str(customers)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return int(ran.stdout)


def test_two_million_customers_take_no_more_memory_than_three_thousand() -> None:
    few, many = _peak(3000), _peak(2_000_000)
    assert many < 16 * 2**20
    assert many < few * 1.25
