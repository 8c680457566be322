"""The packages of the judged set: what was pushed to the registry of a small institute, and how often."""

from typing import Any

import msgspec

from benchmarks.relevance.files import FIELD, REFERENCE, TEACHING

NORDIC = ("denmark", "faroe_islands", "finland", "greenland", "iceland", "norway", "sweden", "åland_islands")
COAST = ("benin", "cote_d_ivoire", "gambia_the", "ghana", "guinea", "guinea_bissau", "liberia", "mali", "nigeria",
         "senegal", "sierra_leone", "toga")  # fmt: skip


class Pushed(msgspec.Struct, frozen=True):
    """A package: its entries are all objects under the folders, or those, of a bucket; `earlier` are older messages."""

    handle: str
    message: str
    files: tuple[tuple[str, str, str], ...]  # folder in the package, bucket, pattern of keys
    modified: str
    metadata: dict[str, Any] = {}
    workflow: str | None = None
    earlier: tuple[str, ...] = ()


# Files that are kept in a bucket which is not connected: only their entries are found.
ARCHIVE = "collab-archive"
ARCHIVED = (
    ("vega_datasets", "*.py", "vega"),
    ("vega_datasets/tests", "test_*.py", "vega/tests"),
    ("palmerpenguins", "penguins.py", "palmerpenguins"),
    ("countryinfo", "c*.py", "countryinfo"),
)

PUSHED = (
    Pushed("bio/penguins", "Palmer penguins, cleaned: bills, flippers and body mass of three species",
           (("clean", FIELD, "penguins/clean/*"), ("raw", FIELD, "penguins/raw/*")), "2025-06-19",
           {"species": ["Adelie", "Chinstrap", "Gentoo"], "station": "Palmer", "years": "2007-2009",
            "license": "CC0-1.0", "contact": "k.gorman"}, "field-season",
           ("First import of the Palmer penguins", "Fixed the sex of six Gentoo penguins")),
    Pushed("bio/penguins-by-island", "Penguins split by island: Torgersen, Biscoe, Dream",
           (("", FIELD, "penguins/by-island/*"),), "2025-07-02", {"station": "Palmer", "contact": "j.tanaka"}),
    Pushed("bio/penguin-isotopes", "Raw records with blood isotope ratios (delta 15N, delta 13C) for the diet study",
           (("", FIELD, "penguins/raw/*"),), "2024-02-12",
           {"isotopes": ["15N", "13C"], "tissue": "blood", "contact": "k.gorman"}, "field-season"),
    Pushed("sandbox/penguins-test", "trying out push, please ignore", (("", FIELD, "scratch/jt/penguins*"),),
           "2025-01-10", {"owner": "j.tanaka"}, None, ("test", "test again")),
    Pushed("botany/iris", "Fisher's iris: sepals and petals of setosa, versicolor and virginica",
           (("", FIELD, "botany/iris/iris.json"),), "2024-05-22", {"collector": "E. Anderson", "n": 150}),
    Pushed("agronomy/barley-yields", "Barley yields at six sites in Minnesota, 1931 and 1932",
           (("", FIELD, "agronomy/barley/*"),), "2024-07-10", {"sites": 6, "trial": "Immer 1934"}),
    Pushed("agronomy/wheat-and-wages", "Price of wheat and weekly wages after Playfair, 1565-1821",
           (("", FIELD, "agronomy/wheat/*"),), "2024-07-11", {"source": "Playfair"}),
    Pushed("micro/antibiotics", "Burtin's plate: how much penicillin, streptomycin and neomycin stops sixteen bacteria",
           (("", FIELD, "microbiology/*"),), "2024-09-16",
           {"plate": {"well": "B7", "reader": "BMG"}, "assay": "MIC"}, "plate-reader"),
    Pushed("weather/seattle-daily", "Seattle weather day by day, 2012-2015, one file a month and all of it",
           (("monthly", FIELD, "weather/seattle/monthly/*"), ("", FIELD, "weather/seattle/seattle-weather.csv")),
           "2025-05-02", {"station": "SEA", "variables": ["precipitation", "temperature", "wind"]}, None,
           ("Seattle weather 2012", "Seattle weather 2012-2013", "Seattle weather 2012-2014")),
    Pushed("weather/west-coast-hourly", "Hourly temperatures of 2010 in Seattle and San Francisco",
           (("seattle", FIELD, "weather/seattle/hourly/*"), ("san-francisco", FIELD, "weather/san-francisco/hourly/*")),
           "2024-11-03", {"unit": "fahrenheit", "year": 2010}),
    Pushed("geo/countries", "All countries: capitals, borders, currencies, languages, outlines",
           (("", REFERENCE, "countries/[!n]*"), ("", REFERENCE, "countries/n[!o]*")), "2024-04-01",
           {"source": "countryinfo", "license": "MIT"}, None, ("All countries, first version",)),
    Pushed("geo/nordic-countries", "Nordic countries and territories",
           tuple(("", REFERENCE, f"countries/{name}.json") for name in NORDIC), "2024-04-03", {"region": "Nordic"}),
    Pushed("geo/west-africa", "Countries of West Africa on the coast, for the malaria survey",
           tuple(("", REFERENCE, f"countries/{name}.json") for name in COAST), "2024-04-05",
           {"region": "West Africa", "survey": "malaria"}),
    Pushed("transport/us-airports", "US airports with IATA codes and coordinates",
           (("", REFERENCE, "transport/airports.csv"),), "2024-02-01", {"source": "FAA"}),
    Pushed("transport/cars", "Cars of 1970-1982: horsepower, weight, miles per gallon",
           (("", REFERENCE, "transport/cars.json"),), "2024-02-01", {"source": "StatLib"}),
    Pushed("transport/driving-shifts", "Miles driven and the price of gas, 1956-2010",
           (("", REFERENCE, "transport/driving.json"),), "2024-02-02"),
    Pushed("finance/tech-stocks", "Monthly prices of MSFT, AMZN, IBM, GOOG and AAPL, 2000-2010",
           (("", REFERENCE, "finance/stocks.csv"),), "2024-02-03", {"currency": "USD"}),
    Pushed("finance/vix-2009", "Volatility index in the summer of 2009: open, high, low, close",
           (("", REFERENCE, "finance/ohlc.json"),), "2024-02-03", {"index": "VIX"}),
    Pushed("economy/us-employment", "Jobs by sector through the recession, 2006-2015",
           (("", REFERENCE, "economy/us-employment.csv"),), "2024-02-04", {"source": "BLS"}),
    Pushed("energy/iowa-electricity", "Net generation of electricity in Iowa by fossil fuels, nuclear and renewables",
           (("", REFERENCE, "energy/*"),), "2024-02-05", {"source": "EIA"}),
    Pushed("history/crimean-war", "Causes of death in the Crimean war after Florence Nightingale",
           (("", REFERENCE, "history/crimea.json"),), "2024-02-06"),
    Pushed("history/la-riots-1992", "Deaths in the Los Angeles riots of 1992",
           (("", REFERENCE, "history/la-riots.csv"),), "2024-02-06"),
    Pushed("stats/anscombe-quartet", "Four data sets with the same mean, variance and regression line",
           (("", REFERENCE, "statistics/*"),), "2024-02-07"),
    Pushed("cs101/problem-sets", "Problem set 1 as students get it",
           (("ps1", TEACHING, "cs101/release/ps1/*"),), "2025-01-20", {"term": "spring 2025", "points": 15}),
    Pushed("cs101/submissions", "What students handed in for problem set 1, with feedback and grades",
           (("submitted", TEACHING, "cs101/submitted/*"), ("feedback", TEACHING, "cs101/feedback/*"),
            ("", TEACHING, "cs101/grades.csv")), "2025-05-31", {"term": "spring 2025", "confidential": True}),
    Pushed("teaching/nbgrader-guide", "Guide of nbgrader for instructors: create, release, collect, grade",
           (("", TEACHING, "guide/*.rst"), ("", TEACHING, "guide/*.ipynb")), "2025-02-01", {"version": "0.9.6"}),
    Pushed("tools/data-loaders", "Python code that loads the data sets: vega, penguins, countries",
           (), "2024-03-01", {"language": "python"}),
)  # fmt: skip
