"""The hook before generation: each impossible answer is refused in one sentence, odd but possible ones are taken."""

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
    """Call cookiecutter as a person in `folder` does, into `folder`/out, with a home of the test's own."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    settings = {"replay_dir": str(home / "replay"), "cookiecutters_dir": str(home / "templates")}
    (home / "config.yaml").write_text(json.dumps(settings))
    own = {"HOME": str(home), "COOKIECUTTER_CONFIG": str(home / "config.yaml"), "PWD": str(folder)}
    options = ["--no-input", "--output-dir", "out", "set_up=no"]
    command = [sys.executable, "-m", "cookiecutter", str(TEMPLATE), *options]
    command += [f"{name}={answer}" for name, answer in answers.items()]
    return subprocess.run(command, cwd=folder, env=os.environ | own, capture_output=True, text=True, check=False)


def assert_refused(folder: Path, *sentences: str, **answers: str) -> None:
    baked = bake(folder, **answers)
    said = baked.stderr.splitlines()
    assert baked.returncode == 1
    assert len(said) == len(sentences), f"one line a fault, and no traceback: {baked.stderr}"
    assert [words in line for words, line in zip(sentences, said, strict=True)] == [True] * len(said), said
    assert list((folder / "out").iterdir()) == []


def assert_baked(folder: Path, **answers: str) -> Path:
    baked = bake(folder, **answers)
    assert (baked.returncode, baked.stderr) == (0, "")
    (project,) = (folder / "out").iterdir()
    return project


@pytest.mark.parametrize("slug", ["Penguins", "3d", "a-b", "a b", "p", "p.q", "pingüino", "_a"])
def test_slug_that_is_no_name_is_refused(slug: str, tmp_path: Path) -> None:
    """A folder name that Python, DVC or a bucket could not carry never becomes a project."""
    assert_refused(tmp_path, "must start with a-z and contain only a-z, 0-9 and _", project_slug=slug)


@pytest.mark.parametrize("slug", ["a/b", "a\\b", "..", "a/..", "../a", "/a"])
def test_slug_that_is_a_path_neither_makes_nor_removes_a_folder(slug: str, tmp_path: Path) -> None:
    """After a hook's refusal cookiecutter would remove the folder that `a/..` names: the caller's own."""
    baked = bake(tmp_path, project_slug=slug)
    assert baked.returncode == 1
    assert "project_slug holds a slash or is two dots: choose a name" in baked.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == [tmp_path / "home"]


def test_existing_folder_is_refused_and_kept(tmp_path: Path) -> None:
    """A folder that is there already is named, and nothing in it changes."""
    (tmp_path / "out" / "penguin_species").mkdir(parents=True)
    (tmp_path / "out" / "penguin_species" / "mine.txt").write_text("mine")
    baked = bake(tmp_path)
    assert baked.returncode == 1
    assert 'penguin_species" directory already exists' in baked.stdout + baked.stderr
    assert [path.name for path in (tmp_path / "out" / "penguin_species").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("slug", ["import", "json", "pipeline", "lifecycle", "serving", "tests", "data", "test"])
def test_slug_that_is_taken_is_refused(slug: str, tmp_path: Path) -> None:
    """A name that would hide a module of Python or of the project is refused."""
    assert_refused(tmp_path, f"project_slug '{slug}' is a name of Python", project_slug=slug)


@pytest.mark.parametrize("bad", ['a "quoted" word', "back\\slash"])
@pytest.mark.parametrize("name", ["project_name", "description", "author_name", "author_email"])
def test_text_that_would_break_a_quoted_string_is_refused(name: str, bad: str, tmp_path: Path) -> None:
    """No answer can break out of the strings it is written into."""
    words = f"{name} contains a double quote or a backslash"
    assert_refused(tmp_path, words, **{name: f"{bad}@"}, project_slug="birds")


@pytest.mark.parametrize("bad", ["two\nlines", "tab\there", "bell\a", "next\x85line", "line\u2028end", "lone\udce9"])
def test_control_characters_are_refused(bad: str, tmp_path: Path) -> None:
    """No answer can bring lines of its own into a file."""
    texts = {"project_name": bad, "description": bad, "author_name": bad, "author_email": f"{bad}@", "target": bad}
    names = [f"{name} contains a line break or another control character" for name in texts]
    assert_refused(tmp_path, *names, **texts, project_slug="birds", dataset="https://example.com/birds.csv")


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    """Who makes five mistakes reads five sentences, not one after the other."""
    faults = {"project_name": " ", "project_slug": "A", "author_email": "me", "remote_url": "x://", "target": "age"}
    words = ["must start with a-z", "project_name is empty", "'me' has no @", "is not a folder", "is not a class"]
    assert_refused(tmp_path, *words, **faults)


@pytest.mark.parametrize(
    ("remote", "url", "words"),
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
    ],
)
def test_remote_url_must_fit_the_remote(remote: str, url: str, words: str, tmp_path: Path) -> None:
    """A remote that DVC could not open, or that would put a password into Git, is refused."""
    assert_refused(tmp_path, words, remote=remote, remote_url=url)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"target": "age"}, "use one of species, island, sex, year."),
        ({"target": "body_mass_g"}, "target 'body_mass_g' is not a classification target of the sample"),
        ({"task": "regression", "target": "sex"}, "target 'sex' is not a regression target of the sample"),
        ({"dataset": "gone.csv", "target": "kind"}, "dataset 'gone.csv' does not exist"),
        ({"dataset": "home", "target": "kind"}, "dataset 'home' is a folder"),
        ({"dataset": "home/config.yaml", "target": "kind"}, "choose a file of type .csv, .tsv, .txt, .parquet"),
        ({"dataset": "https://example.com/birds.csv"}, "target is empty"),
        ({"dataset": "https://me:secret@example.com/b.csv", "target": "kind"}, "dataset contains a password"),
    ],
)
def test_dataset_must_be_there_and_hold_the_target(answers: dict[str, str], words: str, tmp_path: Path) -> None:
    """A dataset that is no file, and a target that is not in the sample, are refused."""
    assert_refused(tmp_path, words, **answers)


@pytest.mark.parametrize(
    ("table", "target", "words"),
    [
        ("", "kind", "dataset 'birds.csv' is empty"),
        ("kind,größe\na,1\n".encode("latin-1"), "kind", "is not UTF-8 text: save it as 'CSV UTF-8'"),
        ("kind,size\na,1\n".encode("utf-16"), "kind", "is not UTF-8 text"),
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
def test_csv_that_cannot_be_learnt_from_is_refused(table: str | bytes, target: str, words: str, tmp_path: Path) -> None:
    """What would fail later, in the pipeline and at length, is said now and in a sentence."""
    (tmp_path / "birds.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    assert_refused(tmp_path, words, dataset="birds.csv", target=target)


def test_regression_on_text_is_refused(tmp_path: Path) -> None:
    """A target that holds no numbers is shown to who asks for regression."""
    (tmp_path / "birds.csv").write_text(TABLE)
    words = "target 'kind' has 'a', regression needs numbers"
    assert_refused(tmp_path, words, dataset="birds.csv", target="kind", task="regression")


def test_parquet_in_name_only_is_refused(tmp_path: Path) -> None:
    """A CSV file called .parquet is not taken for one."""
    (tmp_path / "birds.parquet").write_text(TABLE)
    assert_refused(tmp_path, "is not a Parquet file, despite its name", dataset="birds.parquet", target="kind")


def test_parquet_is_looked_into_where_the_library_is_there(tmp_path: Path) -> None:
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
def test_odd_text_is_taken_as_it_is(name: str, slug: str, tmp_path: Path) -> None:
    """Accents, apostrophes and emoji reach the project unchanged, and its folder spelt out."""
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
    ],
)
def test_odd_csv_is_taken(table: str, target: str, task: str, tmp_path: Path) -> None:
    """Any usual delimiter, quotes, a byte order mark, an index column, decimal commas and odd names are fine."""
    (tmp_path / "my birds.txt").write_bytes(table.encode())
    project = assert_baked(tmp_path, dataset="my birds.txt", target=target, task=task)
    assert (project / "data" / "raw.csv").read_bytes() == table.encode()
    other = {"classification": "regression", "regression": "classification"}[task]
    assert not [line for line in (project / "dvc.yaml").read_text("utf-8").splitlines() if line.endswith((task, other))]


@pytest.mark.parametrize("dataset", ["{here}/birds.csv", "~/birds.csv", "home/../birds.csv", "./birds.csv"])
def test_path_is_read_as_the_person_meant_it(dataset: str, tmp_path: Path) -> None:
    """Paths count from the root, from the home folder or from where cookiecutter was called."""
    for folder in (tmp_path, tmp_path / "home"):
        folder.mkdir(exist_ok=True)
        (folder / "birds.csv").write_text(TABLE)
    project = assert_baked(tmp_path, dataset=dataset.format(here=tmp_path), target="kind")
    assert (project / "data" / "raw.csv").read_text() == TABLE
