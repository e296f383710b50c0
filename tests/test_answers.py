"""The pre-generation hook refuses impossible answers with one message each and accepts unusual but valid ones."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TEMPLATE = Path(__file__).parents[1]
TABLE = "length,weight,kind\n1.5,10,a\n2.5,NA,b\n3.5,30,a\n"
MANY = "".join(f",c{number}" for number in range(30))


def bake(folder: Path, **answers: str) -> subprocess.CompletedProcess[str]:
    """Run cookiecutter in `folder` as a user does, into `folder`/out, with a home of its own."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    settings = {"replay_dir": str(home / "replay"), "cookiecutters_dir": str(home / "templates")}
    (home / "config.yaml").write_text(json.dumps(settings))
    environment = {"HOME": str(home), "COOKIECUTTER_CONFIG": str(home / "config.yaml"), "PWD": str(folder)}
    options = ["--no-input", "--output-dir", "out", "set_up=no"]
    command = [sys.executable, "-m", "cookiecutter", str(TEMPLATE), *options]
    command += [f"{name}={answer}" for name, answer in answers.items()]
    return subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False
    )


def assert_refused(folder: Path, *messages: str, **answers: str) -> None:
    result = bake(folder, **answers)
    lines = result.stderr.splitlines()
    assert result.returncode == 1
    assert len(lines) == len(messages), f"expected one line per error and no traceback: {result.stderr}"
    assert [message in line for message, line in zip(messages, lines, strict=True)] == [True] * len(lines), lines
    assert list((folder / "out").iterdir()) == []


def assert_baked(folder: Path, **answers: str) -> Path:
    result = bake(folder, **answers)
    assert (result.returncode, result.stderr) == (0, "")
    (project,) = (folder / "out").iterdir()
    return project


@pytest.mark.parametrize("slug", ["Penguins", "3d", "a-b", "a b", "p", "p.q", "pingüino", "_a"])
def test_invalid_slug_is_refused(slug: str, tmp_path: Path) -> None:
    """A slug that is not a valid name for Python, DVC and storage is refused."""
    assert_refused(tmp_path, "must be two or more of a-z, 0-9 and _, the first a-z", project_slug=slug)


@pytest.mark.parametrize("slug", ["a/b", "a\\b", "..", "a/..", "../a", "/a"])
def test_slug_with_a_path_changes_no_folder(slug: str, tmp_path: Path) -> None:
    """A slug with a path is refused before any hook runs; after a failed hook cookiecutter would delete `a/..`."""
    result = bake(tmp_path, project_slug=slug)
    assert result.returncode == 1
    assert "project_slug holds a slash or is two dots: choose a name" in result.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == [tmp_path / "home"]


def test_existing_folder_is_not_overwritten(tmp_path: Path) -> None:
    """An existing folder is reported and left unchanged."""
    (tmp_path / "out" / "penguin_species").mkdir(parents=True)
    (tmp_path / "out" / "penguin_species" / "mine.txt").write_text("mine")
    result = bake(tmp_path)
    assert result.returncode == 1
    assert 'penguin_species" directory already exists' in result.stdout + result.stderr
    assert [path.name for path in (tmp_path / "out" / "penguin_species").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("slug", ["import", "json", "pipeline", "lifecycle", "serving", "tests", "data", "test"])
def test_reserved_slug_is_refused(slug: str, tmp_path: Path) -> None:
    """A slug that would shadow a module of Python or of the project is refused."""
    assert_refused(tmp_path, f"project_slug '{slug}' is a name of Python", project_slug=slug)


@pytest.mark.parametrize("value", ['a "quoted" word', "back\\slash"])
@pytest.mark.parametrize("name", ["project_name", "description", "author_name", "author_email"])
def test_quotes_and_backslashes_are_refused(name: str, value: str, tmp_path: Path) -> None:
    """Double quotes and backslashes are refused, because answers are written into quoted strings."""
    message = f"{name} contains a double quote or a backslash"
    assert_refused(tmp_path, message, **{name: f"{value}@"}, project_slug="birds")


@pytest.mark.parametrize("value", ["two\nlines", "tab\there", "bell\a", "next\x85line", "line\u2028end", "lone\udce9"])
def test_control_characters_are_refused(value: str, tmp_path: Path) -> None:
    """Line breaks and other control characters are refused in every text answer."""
    answers = {
        "project_name": value,
        "description": value,
        "author_name": value,
        "author_email": f"{value}@",
        "target": value,
    }
    messages = [f"{name} contains a line break or another control character" for name in answers]
    assert_refused(tmp_path, *messages, **answers, project_slug="birds", dataset="https://example.com/birds.csv")


def test_all_errors_are_reported_at_once(tmp_path: Path) -> None:
    """Five invalid answers give five messages in one run."""
    answers = {"project_name": " ", "project_slug": "A", "author_email": "me", "remote_url": "x://", "target": "age"}
    messages = ["two or more of a-z", "project_name is empty", "'me' has no @", "is not a folder", "is not a class"]
    assert_refused(tmp_path, *messages, **answers)


@pytest.mark.parametrize(
    ("remote", "url", "message"),
    [
        ("local", "s3://bucket", "is not a folder, which the remote `local` needs"),
        ("local", " ", "is not a folder"),
        ("s3", "gs://bucket", "does not fit the remote s3: start it with s3:// and a name"),
        ("s3", "s3:///key", "does not fit the remote s3"),
        ("gcs", "gcs://bucket", "start it with gs:// and a name"),
        ("azure", "~/folder", "start it with azure:// and a name"),
        ("ssh", "me@example.com:/srv", "start it with ssh:// and a name"),
        ("ssh", "ssh://me:secret@example.com/srv", "remote_url contains a password"),
        ("s3", "s3://key:secret@bucket", "remote_url contains a password"),
        ("local", "a\\b", "remote_url contains a double quote or a backslash"),
        ("local", "/data/part #2", "remote_url contains '#', with which DVC's configuration cannot hold it"),
        ("local", "/data,more", "remote_url contains ','"),
        ("s3", "s3://bucket/%(x)s", "remote_url contains '%('"),
        ("local", "'/data'", "remote_url contains"),
        ("local", "/data ", "remote_url contains ' '"),
    ],
)
def test_remote_url_must_match_the_remote(remote: str, url: str, message: str, tmp_path: Path) -> None:
    """A URL that DVC cannot open, or that contains a password, is refused."""
    assert_refused(tmp_path, message, remote=remote, remote_url=url)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"target": "age"}, "use one of species, island, sex, year."),
        ({"target": "body_mass_g"}, "target 'body_mass_g' is not a classification target of the sample"),
        ({"task": "regression", "target": "sex"}, "target 'sex' is not a regression target of the sample"),
        ({"dataset": "gone.csv", "target": "kind"}, "dataset 'gone.csv' does not exist"),
        ({"dataset": "home", "target": "kind"}, "dataset 'home' has the folder"),
        ({"dataset": "home/config.yaml", "target": "kind"}, "choose a file of type .csv, .tsv, .txt, .json"),
        (
            {"dataset": "https://example.com/b.dta", "target": "kind"},
            "convert it with `uv run --no-project --with pandas",
        ),
        ({"dataset": "https://example.com/birds.csv"}, "target is empty"),
        ({"dataset": "https://me:secret@example.com/b.csv", "target": "kind"}, "dataset contains a password"),
    ],
)
def test_dataset_must_exist_and_contain_the_target(answers: dict[str, str], message: str, tmp_path: Path) -> None:
    """A dataset that is not a supported file and a target that is not in the sample are refused."""
    assert_refused(tmp_path, message, **answers)


@pytest.mark.parametrize(
    ("table", "target", "message"),
    [
        ("", "kind", "dataset 'birds.csv' is empty"),
        (b"kind,gr\xf6\x01\na,1\n", "kind", "is not a text file"),
        (b"kind,size\na,1\nb\0,2\n", "kind", "contains NUL bytes"),
        ("1,2,a\n3,4,b\n", "kind", "starts with numbers, not with column names"),
        ("kind\na\nb\n", "kind", "has only one column"),
        ("kind,size\n\n", "kind", "has no rows"),
        ("kind,size, kind\na,1,2\n", "kind", "has two columns called 'kind'"),
        (TABLE + "\n1,2,3,4\n", "kind", "has 4 cells in line 6 and 3 in the header"),
        (TABLE + "1,2\n", "kind", "has 2 cells in line 5 and 3 in the header"),
        (TABLE, "Kind", "target 'Kind' is not a column of the dataset: choose one of length, weight, kind."),
        (f"kind{MANY}\na{',1' * 30}\n", "kin", "choose one of its 31 columns, such as kind, c"),
        ("kind,size\nNA,1\n,2\n#N/A,3\n", "kind", "target 'kind' has no values"),
        ("kind,size\n" + "".join(f"{n},1\n{n},2\n" for n in range(101)), "kind", "too many labels (more than 100)"),
        ("kind,size\n" + "".join(f"{n},1\n" for n in range(21)), "kind", "too many labels (21 in 21 rows)"),
    ],
)
def test_unusable_csv_is_refused(table: str | bytes, target: str, message: str, tmp_path: Path) -> None:
    """A table that would fail later in the pipeline is refused with one message."""
    (tmp_path / "birds.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    assert_refused(tmp_path, message, dataset="birds.csv", target=target)


def test_regression_on_text_is_refused(tmp_path: Path) -> None:
    """Regression is refused if the target is not numeric."""
    (tmp_path / "birds.csv").write_text(TABLE)
    message = "target 'kind' has 'a', regression needs numbers"
    assert_refused(tmp_path, message, dataset="birds.csv", target="kind", task="regression")


def test_csv_named_parquet_is_refused(tmp_path: Path) -> None:
    """A CSV file with the suffix .parquet is refused."""
    (tmp_path / "birds.parquet").write_text(TABLE)
    assert_refused(tmp_path, "is not a .parquet file, despite its name", dataset="birds.parquet", target="kind")


def test_parquet_is_checked(tmp_path: Path) -> None:
    """Columns, target and task of a Parquet file are checked like those of a CSV file."""
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    birds = str(tmp_path / "birds.parquet")
    parquet.write_table(arrow.table({"size": [1.5, None], "kind": ["a", "b"]}), birds)
    assert_refused(tmp_path, "choose one of size, kind.", dataset=birds, target="sort")
    assert_refused(tmp_path, "'kind' has 'a', regression", dataset=birds, target="kind", task="regression")
    project = assert_baked(tmp_path, dataset=birds, target="size", task="regression")
    assert (project / "data" / "raw.parquet").read_bytes() == Path(birds).read_bytes()
    assert "data/raw.csv" not in (project / "dvc.yaml").read_text("utf-8")
    (tmp_path / "birds.parquet").write_bytes(b"PAR1 PAR1")
    assert_refused(tmp_path / "home", "is damaged", dataset=birds, target="size")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Les d'Adélie 2", "les_d_adelie_2"),
        ("🐧👩‍🔬", "project"),
        ("''' + w1 #", "w1"),
        ("%s {x} $HOME `id`", "s_x_home_id"),
    ],
)
def test_unusual_text_is_accepted(name: str, slug: str, tmp_path: Path) -> None:
    """Accents, apostrophes and emoji reach the project unchanged; the slug is transliterated."""
    project = assert_baked(tmp_path, project_name=name, author_name=name, description=name)
    assert project.name == slug
    assert name in (project / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("table", "target", "task"),
    [
        ('"bill ""length""";"größe, mm"\n3,5;1\n4,5;2\n', 'bill "length"', "regression"),
        ("\ufeffkind,size\r\na,1\r\n\r\nb,2\r\n", "kind", "classification"),
        (",kind\n0,a\n1,b\n", "kind", "classification"),
        ('kind|note\na|"one, two, three"\nb|"line\nbreak"\n', "kind", "classification"),
        ("art größe\t🐧\n1e3\tx\n-2.5\ty\ninf\tz\n", "art größe", "regression"),
        (f'kind,note\na,"{"x" * 200_000}"\nb,y\n', "kind", "classification"),
        ("kind,größe\na,1\nb,2\n".encode("latin-1"), "größe", "regression"),
        ("kind\tgröße\na\t1\nb\t2\n".encode("utf-16"), "größe", "regression"),
        ('price,kind\n"$1,234.50",a\n(12),b\n"-€ 3",c\n61.5%,d\n', "price", "regression"),
    ],
)
def test_unusual_csv_is_accepted(table: str | bytes, target: str, task: str, tmp_path: Path) -> None:
    """Common delimiters, quotes, a byte order mark, an index column, decimal commas and unusual names are accepted."""
    content = table if isinstance(table, bytes) else table.encode()
    (tmp_path / "my birds.txt").write_bytes(content)
    project = assert_baked(tmp_path, dataset="my birds.txt", target=target, task=task)
    assert (project / "data" / "raw.csv").read_bytes() == content
    other_task = {"classification": "regression", "regression": "classification"}[task]
    assert not [
        line for line in (project / "dvc.yaml").read_text("utf-8").splitlines() if line.endswith((task, other_task))
    ]


@pytest.mark.parametrize("dataset", ["{here}/birds.csv", "~/birds.csv", "home/../birds.csv", "./birds.csv"])
def test_dataset_path_is_resolved(dataset: str, tmp_path: Path) -> None:
    """Absolute paths, paths in the home folder and paths relative to the working directory are accepted."""
    for folder in (tmp_path, tmp_path / "home"):
        folder.mkdir(exist_ok=True)
        (folder / "birds.csv").write_text(TABLE)
    project = assert_baked(tmp_path, dataset=dataset.format(here=tmp_path), target="kind")
    assert (project / "data" / "raw.csv").read_text() == TABLE
