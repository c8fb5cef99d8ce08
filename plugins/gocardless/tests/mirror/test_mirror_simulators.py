from __future__ import annotations
from ..twin.payers import active_mandate, payment_in
from halo_host import StreamKind

def test_x(desk):
    p = payment_in(desk.api, "paid_out")
    desk.fill()
    print(desk.told(p["id"]), desk.row(StreamKind.PAYMENTS, p["id"]))
    desk.assert_right()

def test_y(make_desk):
    d = make_desk(webhooks=True, customers=60, living=True)
    d.fill()
    d.advance(days=3)
    d.deliver()
    print(d.host.jobs.list())
    d.assert_right()
