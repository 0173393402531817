"""Settings, all from the environment; without any, the application serves this computer alone.

``DATABASE_URL``: ``postgresql://...``; else a SQLite file in the data folder. ``NEEDLING_DATA``: that folder.
``NEEDLING_HOSTS``: names under which it is reached, separated by commas. ``NEEDLING_HTTPS=1``: over https only.
``NEEDLING_SECRET_KEY`` signs cookies, ``NEEDLING_AUDIT_KEY`` the trail; made once and kept in the data folder where
they are not given.
"""

from __future__ import annotations

import os
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF

from needling.web.keys import data_folder, given_key, kept_key

HERE = Path(__file__).parent
HTTPS = os.environ.get("NEEDLING_HTTPS", "") == "1"

DEBUG = False
SECRET_KEY = kept_key("secret-key", "NEEDLING_SECRET_KEY")
AUDIT_KEY = given_key("NEEDLING_AUDIT_KEY")  # else made when first used
SILENCED_SYSTEM_CHECKS: list[str] = []
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *filter(None, os.environ.get("NEEDLING_HOSTS", "").split(","))]
ROOT_URLCONF = "needling.web.urls"
WSGI_APPLICATION = "needling.web.wsgi.application"
APPEND_SLASH = True
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LANGUAGE_CODE = "en"

INSTALLED_APPS = [
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "axes",
    "csp",
    "needling.web.accounts",
    "needling.web.charts",
    "needling.web.people",
    "needling.web.plans",
    "needling.web.visits",
    "needling.web.api",
    "needling.web.selfcheck",
    "needling.web.library",
]
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("UserAttributeSimilarityValidator", {"user_attributes": ("email", "name")}),
    )
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "charts"

# ---------------------------------------------------------------- where rows are kept

# Writers take turns from the start of a transaction: the trail is a chain.
try:
    _given = dj_database_url.config(
        default=f"sqlite:///{data_folder() / 'needling.sqlite3'}", conn_max_age=60, conn_health_checks=True
    )
except ValueError:
    _given = {}
if not str(_given.get("ENGINE")).endswith((".sqlite3", ".postgresql")):
    _given = {"ENGINE": "django.db.backends.dummy", "NAME": ""}  # a scheme that is not known here: needling.E002
DATABASES = {"default": _given}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
        "PRAGMA secure_delete=ON;",  # what is erased is overwritten
    }
elif DATABASES["default"]["ENGINE"].endswith("postgresql"):
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 10)  # s; then it is said
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "needling.web.readable.Readable",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "needling.web.staying.Staying",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "needling.web.accounts.access.Unkept",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [HERE / "templates", HERE.parent / "report" / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "needling.web.pages.environment",
            "context_processors": ["needling.web.again.made_for"],
        },
    }
]
for _room in ("selfcheck", "library", "accounts", "charts", "people", "plans", "visits", "api"):
    TEMPLATES[0]["DIRS"].append(HERE / _room / "templates")  # type: ignore[attr-defined]

STATIC_URL = "static/"
STATICFILES_DIRS = [HERE / "static", ("report", HERE.parent / "report" / "style")]
WHITENOISE_USE_FINDERS = True  # the package serves its own files: nothing has to be collected first

# ---------------------------------------------------------------- what a browser may do

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "script-src": [SELF],
        "connect-src": [SELF],
        "img-src": [SELF, "data:"],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
CSRF_FAILURE_VIEW = "needling.web.pages.refused"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"  # forms need it; other sites learn nothing
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrftoken"  # so named, no other host can set it
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "sessionid"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_AGE = None  # until the browser is closed
CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
_idle = os.environ.get("NEEDLING_IDLE_MINUTES", "60")
SESSION_IDLE_MINUTES = int(_idle) if _idle.isdigit() and len(_idle) < 5 else 0  # not what may be set: needling.E005
SESSION_COOKIE_AGE = max(SESSION_IDLE_MINUTES, 1) * 60  # without use; staying.py has the end in any case
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 1  # the answers of a self-check that somebody took along
LARGEST_BODY = 1024 * 1024  # bytes; whatever is larger is refused before it is read (needling serve)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400  # an assessment with twenty zones and forty findings

# Too many wrong passwords lock a name from one address for a while; nobody is told which of the two was wrong. Many
# names from one address, and one name from many: accounts/guessing.py.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.5  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True  # the trail knows who signed in
AXES_USERNAME_FORM_FIELD = "username"  # as it is called inside; the form calls it email
AXES_LOCKOUT_CALLABLE = "needling.web.accounts.views.locked"
AXES_VERBOSE = False
OTP_TOTP_ISSUER = "needling"

# Pages of the self-check that simulate: of one address, and how many are worked out at once.
PUBLIC_RATE = os.environ.get("NEEDLING_PUBLIC_RATE", "30/min")
PUBLIC_AT_ONCE = 2

# Requests of one token: of all kinds, and of those that simulate.
API_RATE = os.environ.get("NEEDLING_API_RATE", "600/min")
API_HEAVY_RATE = os.environ.get("NEEDLING_API_HEAVY_RATE", "60/min")

# Nothing about a person is written anywhere: only failures are logged, by path and kind, never with what was sent.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"quiet": {"()": "needling.web.logs.Quiet"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "quiet"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
