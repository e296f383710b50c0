"""The report in a real browser: it draws offline, asks for nothing, and fits a telephone; its chart is real Mermaid."""

import html
import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.review import change, origin

pytestmark = pytest.mark.slow

BROWSER = shutil.which("chromium") or "chromium"
FLAGS = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
FLAGS += "--disable-component-update --disable-sync --virtual-time-budget=10000 --enable-logging=stderr"
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND"


@pytest.fixture(scope="module")
def report(reproduced: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a change that made the model worse."""
    project = tmp_path_factory.mktemp("page") / reproduced.name
    shutil.copytree(reproduced, project, symlinks=True)
    origin(project, run)
    change(project, run, ("params.yaml", "learning_rate: 0.1", "learning_rate: 0.01"))
    run("lifecycle", "gate", "main", "--report", "report", cwd=project, code=1)
    return project / "report"


def look(page: Path, folder: Path, *flags: str) -> tuple[str, list[str]]:
    """The page's DOM after its scripts, and what the browser's console says."""
    command = [BROWSER, *FLAGS.split(), OFFLINE, f"--user-data-dir={folder / 'browser'}", *flags]
    done = subprocess.run([*command, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=60)
    return done.stdout, re.findall(r"CONSOLE[^\]]*\] (.*)", done.stderr)


def test_page_asks_for_nothing(report: Path, tmp_path: Path) -> None:
    """Opened from a file, offline, the page has its plots, an empty console and not one request to a network."""
    dom, console = look(report / "report.html", tmp_path, f"--log-net-log={tmp_path / 'net.json'}")
    assert console == []
    assert dom.count("<svg") == 5
    log = (tmp_path / "net.json").read_text().rstrip().rstrip(",")
    events = json.loads(log if log.endswith("}") else log + "]}")["events"]
    asked = {event["params"]["url"] for event in events if "url" in event.get("params", {})}
    browsers_own = ("googleapis.com", "google.com")
    assert {url for url in asked if url.startswith("http") and not any(host in url for host in browsers_own)} == set()
    foreign = re.findall(
        r"""(?:src|href)=["'](?!#|data:)[^"']*|@import|url\((?!#)""", (report / "report.html").read_text()
    )
    assert foreign == []


def test_console_would_tell(report: Path, tmp_path: Path) -> None:
    """The check above sees a script or a picture from elsewhere: the page's own policy refuses it aloud."""
    page = tmp_path / "page.html"
    text = (report / "report.html").read_text("utf-8")
    page.write_text(text.replace("<h3>Plots", '<img src="http://127.0.0.1:9/x.png"><h3>Plots'), "utf-8")
    assert any("Content Security Policy" in line for line in look(page, tmp_path)[1])


def test_page_fits_a_telephone(report: Path, tmp_path: Path) -> None:
    """At 375 pixels nothing but wide tables has to be scrolled sideways, and no plot is cut off."""
    page = (report / "report.html").read_text("utf-8")
    script = (
        "const f = document.querySelector('iframe'); f.onload = () => { const d = f.contentDocument.documentElement;"
        "const widest = Math.max(...[...d.querySelectorAll('svg')].map(s => s.getBoundingClientRect().right));"
        "document.title = `${d.scrollWidth} ${Math.ceil(widest)} ${d.querySelectorAll('svg').length}`; }"
    )
    frame = f'<iframe width="375" height="800" style="border:0" srcdoc="{html.escape(page)}"></iframe>'
    (tmp_path / "phone.html").write_text(f"<body>{frame}<script>{script}</script></body>", "utf-8")
    found = re.search(r"<title>(\d+) (\d+) (\d+)</title>", look(tmp_path / "phone.html", tmp_path)[0])
    assert found
    width, plot, plots = map(int, found.groups())
    assert plots == 5
    assert max(width, plot) <= 375


def test_plots_of_dvc_open_offline(report: Path, run: Run, tmp_path: Path) -> None:
    """`dvc plots diff` draws both versions in a page that needs no network."""
    run("dvc", "plots", "diff", "main", "--out", str(tmp_path / "plots"), cwd=report.parent)
    dom, console = look(tmp_path / "plots" / "index.html", tmp_path)
    assert console == []
    assert len(re.findall(r'<(?:svg|canvas)[^>]* class="marks"', dom)) == 5
    assert "://cdn" not in dom


def test_chart_of_the_comment_is_mermaid(report: Path, tmp_path: Path) -> None:
    """The comment's chart is drawn by Mermaid itself, as GitHub and GitLab have it, with a line for each version."""
    subprocess.run(["npm", "pack", "--silent", "mermaid@11.12.0"], cwd=tmp_path, check=True)
    with tarfile.open(tmp_path / "mermaid-11.12.0.tgz") as archive:
        archive.extract("package/dist/mermaid.min.js", tmp_path, filter="data")
    chart = (report / "report.md").read_text("utf-8").split("```mermaid\n")[1].split("```")[0]
    draw = "r => document.body.innerHTML = r.svg, e => document.title = `wrong: ${e}`"
    script = f"mermaid.render('drawn', {json.dumps(chart)}).then({draw})"
    page = f'<body><script src="package/dist/mermaid.min.js"></script><script>{script}</script></body>'
    (tmp_path / "chart.html").write_text(page, "utf-8")
    dom, _ = look(tmp_path / "chart.html", tmp_path)
    assert "wrong:" not in dom
    assert len(re.findall(r'<g class="line-plot-\d+"', dom)) == 2
