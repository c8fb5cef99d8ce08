"""`django-gocardless-billing` behind gunicorn on SQLite: `webhook_peer.py FOLDER ADDRESS`, run by
the Python of its own environment. It is set up to be quick and safe: one log ahead of the database,
each commit on the disk, and no tasks of Celery, so that it processes what it accepts at once.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

THREADS = 8
SECRET = "hush-hush-hush"


def main(folder: Path, address: str) -> None:
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY=secrets.token_hex(),
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="django_gocardless_billing.urls",
        INSTALLED_APPS=["django_gocardless_billing"],
        USE_TZ=True,
        GOCARDLESS_BILLING={"GOCARDLESS_WEBHOOK_SECRET": SECRET},
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": folder / "peer.db",
                "CONN_MAX_AGE": None,
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "timeout": 30,
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
                },
            }
        },
        LOGGING={"version": 1, "root": {"level": "ERROR"}},
    )
    django.setup()
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    call_command("migrate", verbosity=0)
    _serve(get_wsgi_application(), address)


def _serve(application: object, address: str) -> None:
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            chosen = {"bind": address, "workers": 1, "threads": THREADS, "loglevel": "warning"}
            for name, value in (chosen | {"worker_class": "gthread", "keepalive": 30}).items():
                self.cfg.set(name, value)

        def load(self) -> object:
            return application

    Server().run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
