"""yfinance made to speak to the server we choose, and to fail aloud."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from data.errors import UnknownSymbol
from data.sources.http_session import TIMEOUT_S
from data.sources.retry import Unreachable, check_status

_PRICES = "/v8/finance/chart/"

Tickers = Callable[[str], Any]
"""From a symbol to its yfinance.Ticker."""


@contextmanager
def open_yahoo(base_url: str, cache: str) -> Generator[Tickers]:
    """Tickers that raise instead of logging; `cache` is the folder where yfinance keeps its zones and cookies.

    yfinance holds one session and one configuration for the whole process: one desk at a time may be in here. With
    `base_url` every request goes there instead of to one of Yahoo's hosts.
    """
    import yfinance

    if cache:
        yfinance.set_tz_cache_location(cache)
    settings: Any = yfinance.config.debug
    before, settings.hide_exceptions = settings.hide_exceptions, False
    session = _session(base_url)
    try:
        yield lambda symbol: yfinance.Ticker(symbol, session=session)
    finally:
        settings.hide_exceptions = before
        session.close()


def _session(base_url: str) -> Any:
    from curl_cffi.requests import Session
    from curl_cffi.requests.exceptions import RequestException

    class YahooSession(Session[Any]):
        """Typed failures for prices; cookies and crumbs may fail, since yfinance goes on without them."""

        def request(  # pyright: ignore[reportIncompatibleMethodOverride] (its 30 options pass through)
            self, method: Any, url: str, **options: Any
        ) -> Any:
            options["timeout"] = TIMEOUT_S
            parts = urlsplit(url)
            if base_url:
                url = base_url.rstrip("/") + parts.path + (f"?{parts.query}" if parts.query else "")
            if not parts.path.startswith(_PRICES):
                return super().request(method, url, **options)
            try:
                answer = super().request(method, url, **options)
            except RequestException as error:
                raise Unreachable(f"Yahoo cannot be reached ({type(error).__name__})", "check the network") from error
            if answer.status_code == 404:
                symbol = unquote(parts.path.removeprefix(_PRICES))
                raise UnknownSymbol(f"Yahoo does not know {symbol}", "check its spelling")
            check_status("Yahoo", answer.status_code, {k: str(v) for k, v in answer.headers.items()})
            return answer

    return YahooSession(impersonate="chrome")
