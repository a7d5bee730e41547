"""How apps log: `setup(style)` does what their documentation shows and returns a logger; runs under the Python of the app."""

import json
import logging
import logging.config
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

OWN_DATES = {"basic-day-first": "%d.%m.%Y %H:%M:%S", "basic-of-day": "%H:%M:%S", "basic-american": "%m/%d/%Y %I:%M:%S %p"}


def setup(style: str) -> Any:
    makers: dict[str, Callable[[str], Any]] = {
        "loguru": _loguru,
        "loguru-json": _loguru,
        "structlog-json": _structlog,
        "structlog-console": _structlog,
        "python-json-logger": _json,
        "dict-json": _dict_json,
        "rich": _rich,
    }
    return makers.get(style, _basic)(style)


def _basic(style: str) -> Any:
    """basicConfig, with its own date format where the style names one; uvicorn's lines stay as they are."""
    if style == "basic":
        logging.basicConfig(level=logging.INFO)
    elif style == "basic-asctime":
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s [%(name)s] %(message)s")
    elif style == "basic-epoch":
        logging.basicConfig(level=logging.INFO, format="%(created).3f %(levelname)s %(name)s: %(message)s")
    else:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", datefmt=OWN_DATES[style])
    return logging.getLogger("chat.ws")


def _all_through(handler: logging.Handler) -> None:
    """One handler for the app and for uvicorn, as people do who want one format."""
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        one = logging.getLogger(name)
        one.handlers, one.propagate = [], True


def _json(style: str) -> Any:
    handler = logging.StreamHandler(sys.stdout)
    formatter = import_module("pythonjsonlogger.json").JsonFormatter
    handler.setFormatter(formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    _all_through(handler)
    return logging.getLogger("chat.ws")


def _dict_json(style: str) -> Any:
    """A formatter written by hand, as in many projects."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": "loggers.ByHand"}},
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}},
            "root": {"handlers": ["out"], "level": "INFO"},
            "loggers": {name: {"handlers": [], "propagate": True} for name in ("uvicorn", "uvicorn.error", "uvicorn.access")},
        }
    )
    return logging.getLogger("chat.ws")


class ByHand(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        row = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "msg": record.getMessage(),
        }
        if record.exc_info:
            row["exc"] = self.formatException(record.exc_info)
        return json.dumps(row)


def _loguru(style: str) -> Any:
    logger = import_module("loguru").logger

    class Intercept(logging.Handler):
        """What loguru's documentation gives for libraries that log through the standard module."""

        def emit(self, record: logging.LogRecord) -> None:
            logger.opt(exception=record.exc_info).log(record.levelname, record.getMessage())

    logger.remove()
    logger.add(sys.stderr, serialize=style == "loguru-json", backtrace=False, diagnose=False)
    _all_through(Intercept())
    return logger


def _structlog(style: str) -> Any:
    structlog = import_module("structlog")
    shared = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso" if style == "structlog-json" else "%Y-%m-%d %H:%M:%S"),
    ]
    last = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if style == "structlog-json"
        else [structlog.dev.ConsoleRenderer(colors=True, exception_formatter=structlog.dev.plain_traceback)]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stdout)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[remove, *last]))
    _all_through(handler)
    return structlog.get_logger("chat.ws")


def _rich(style: str) -> Any:
    logging.basicConfig(level=logging.INFO, format="%(message)s", datefmt="[%X]", handlers=[import_module("rich.logging").RichHandler()])
    return logging.getLogger("chat.ws")
