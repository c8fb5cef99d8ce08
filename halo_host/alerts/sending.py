"""Send alerts: each once by each channel, several in one message, again later if that fails.

Every integrator sends by the channels that its own settings have. An attempt is written down before
it is made, and is its integrator's alone for a while, so two do not send one alert twice. Where a
process dies between the sending and the note of it, the alert is sent once more, under the same
message id.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from ..database.bulk import insert_missing_rows
from ..database.columns import stored_time
from ..database.database import Database
from ..database.job_tables import alert_messages, alerts
from ..settings import Settings
from .alerts import Alert, Alerts
from .channels import TRIAL, Channel, NotSent, channels

AT_ONCE = 100  # alerts in one message
UNDER_WAY = timedelta(minutes=5)  # longer than even a slow server takes for a message
FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(hours=6)
MAX_ATTEMPTS = 20  # over about three days
_log = logging.getLogger("halo_host.alerts")


class Sender:
    def __init__(
        self,
        database: Database,
        alerts: Alerts,
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._alerts = alerts
        self._settings = settings
        self._clock = clock

    def send_due(self) -> int:
        """Send what is open, not acknowledged, and not sent yet; how many alerts got out.

        :raises InvalidInput: an address among the settings cannot be used.
        """
        return sum(self._send_by(channel) for channel in channels(self._settings))

    def test(self) -> list[tuple[str, str]]:
        """Send a trial message by every channel: its name, and what went wrong or ""."""
        now = self._clock()
        trial = Alert(
            id=0,
            connection="",
            kind=TRIAL,
            key="test",
            external_user_id="",
            text="This is a trial of Halo Host's alerts. Nothing is wrong.",
            raised_at=now,
            ended_at=None,
            acknowledged_by="",
            acknowledged_at=None,
        )
        found = []
        for channel in channels(self._settings):
            try:
                channel.send([trial], now)
            except NotSent as error:
                found.append((channel.name, str(error)))
            else:
                found.append((channel.name, ""))
        return found

    def _send_by(self, channel: Channel) -> int:
        sent = 0
        while taken := self._taken(channel.name):
            batch = [self._alerts.get(number) for number in taken]
            try:
                channel.send(batch, self._clock())
            except NotSent as error:
                _log.warning("%s", error.message)
                self._note_failure(taken, channel.name, error.message)
                return sent
            self._note_sent(list(taken), channel.name)
            sent += len(taken)
        return sent

    def _taken(self, channel: str) -> dict[int, int]:
        """Alerts whose turn it is, with this attempt written down; each with its attempts."""
        now = self._clock()
        mine = and_(alert_messages.c.alert_id == alerts.c.id, alert_messages.c.channel == channel)
        query = (
            select(alerts.c.id, alert_messages.c.attempts)
            .outerjoin(alert_messages, mine)
            .where(
                alerts.c.ended_at.is_(None),
                alerts.c.acknowledged_by == "",
                or_(
                    alert_messages.c.alert_id.is_(None),
                    and_(
                        alert_messages.c.sent_at.is_(None),
                        alert_messages.c.not_before <= now,
                        alert_messages.c.attempts < MAX_ATTEMPTS,
                    ),
                ),
            )
            .order_by(alerts.c.id)
            .limit(AT_ONCE)
        )
        with self._database.read() as connection:
            if connection.execute(query).first() is None:
                return {}
        with self._database.write() as connection:
            rows = connection.execute(query).all()
            new = [(row.id, channel, 0, stored_time(now)) for row in rows if row.attempts is None]
            insert_missing_rows(
                connection, alert_messages, ("alert_id", "channel", "attempts", "not_before"), new
            )
            return {
                row.id: (row.attempts or 0) + 1
                for row in rows
                if self._take(connection, row.id, channel, row.attempts or 0, now)
            }

    def _take(
        self, connection: Connection, number: int, channel: str, attempts: int, now: datetime
    ) -> bool:
        taken = connection.execute(
            _take,
            {
                "the_alert": number,
                "the_channel": channel,
                "the_attempts": attempts,
                "next": now + UNDER_WAY,
            },
        )
        return bool(taken.rowcount == 1)

    def _note_sent(self, numbers: Sequence[int], channel: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                update(alert_messages)
                .where(alert_messages.c.alert_id.in_(numbers), alert_messages.c.channel == channel)
                .values(sent_at=self._clock(), error="")
            )

    def _note_failure(self, taken: Mapping[int, int], channel: str, error: str) -> None:
        """Let the next attempt wait. Where another one has begun meanwhile, this one is past."""
        now = self._clock()
        with self._database.write() as connection:
            for number, attempts in taken.items():
                connection.execute(
                    update(alert_messages)
                    .where(
                        alert_messages.c.alert_id == number,
                        alert_messages.c.channel == channel,
                        alert_messages.c.attempts == attempts,
                    )
                    .values(error=error, not_before=now + retry_delay(attempts))
                )


_take = (
    update(alert_messages)
    .where(
        alert_messages.c.alert_id == bindparam("the_alert"),
        alert_messages.c.channel == bindparam("the_channel"),
        alert_messages.c.attempts == bindparam("the_attempts"),
    )
    .values(attempts=bindparam("the_attempts") + 1, not_before=bindparam("next"))
)


def retry_delay(attempts: int) -> timedelta:
    """How long after so many attempts the next one is made."""
    doubled: int = 2 ** min(attempts - 1, 20)
    return min(FIRST_RETRY * doubled, LAST_RETRY)
