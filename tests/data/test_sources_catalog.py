import subprocess
import sys

import pandas as pd
import pytest

from data.errors import BadConfig, BadFile
from data.sources.catalog import SOURCES, open_source
from data.sources.protocol import Source


def test_every_named_source_opens_and_keeps_the_contract(tmp_path):
    days = pd.bdate_range("2021-03-01", periods=9).strftime("%Y-%m-%d")
    pd.DataFrame({"date": days, "symbol": "A", "close": 1.0}).to_csv(tmp_path / "p.csv")
    for name, description in SOURCES:
        source = open_source(name, **({"path": str(tmp_path)} if name == "files" else {}))
        assert isinstance(source, Source)
        assert source.name == name
        assert description
        again = open_source(name, **source.params())
        assert again.fingerprint() == source.fingerprint()


@pytest.mark.parametrize(
    ("name", "params", "match"),
    [
        ("yaho", {}, "there is no source 'yaho'.*did you mean yahoo"),
        ("bloomberg", {}, "choose from simulated, sample, files, yahoo"),
        ("files", {"pth": "x"}, "no parameter 'pth'.*did you mean path"),
        ("files", {}, "needs path"),
        ("sample", {"seed": 1}, "no parameter 'seed'.*it has none"),
        ("yahoo", {"environ": "x"}, "no parameter 'environ'"),
    ],
)
def test_what_cannot_be_opened_says_what_to_write(name, params, match):
    with pytest.raises(BadConfig, match=match):
        open_source(name, **params)


def test_a_path_that_is_not_there_is_a_bad_file(tmp_path):
    with pytest.raises(BadFile, match="there is nothing at"):
        open_source("files", path=str(tmp_path / "gone"))


def test_the_catalog_itself_imports_no_provider():
    code = (
        "import sys, data.sources.catalog;"
        "heavy = {'yfinance', 'praw', 'newsapi', 'fredapi', 'curl_cffi', 'exchange_calendars', 'data.sources.live'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_opening_the_live_source_imports_no_client_library():
    code = (
        "import sys; from data.sources.catalog import open_source; open_source('yahoo');"
        "print(sorted({'yfinance', 'praw', 'newsapi', 'fredapi', 'curl_cffi'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
