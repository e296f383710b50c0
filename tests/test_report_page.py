"""The report in a real browser: it works offline, makes no requests and fits a phone; its chart is valid Mermaid."""

import html
import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.review import add_origin, change

pytestmark = pytest.mark.slow

BROWSER = shutil.which("chromium") or "chromium"
FLAGS = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
FLAGS += "--disable-component-update --disable-sync --virtual-time-budget=10000 --enable-logging=stderr"
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND"


@pytest.fixture(scope="module")
def report(reproduced: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a change that makes the model worse."""
    project = tmp_path_factory.mktemp("page") / reproduced.name
    shutil.copytree(reproduced, project, symlinks=True)
    add_origin(project, run)
    change(project, run, ("params.yaml", "learning_rate: 0.1", "learning_rate: 0.01"))
    run("lifecycle", "gate", "main", "--report", "report", cwd=project, code=1)
    return project / "report"


def open_page(page: Path, folder: Path, *flags: str) -> tuple[str, list[str]]:
    """The page's DOM after its scripts ran, and the browser's console messages."""
    command = [BROWSER, *FLAGS.split(), OFFLINE, f"--user-data-dir={folder / 'browser'}", *flags]
    result = subprocess.run([*command, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=60)
    return result.stdout, re.findall(r"CONSOLE[^\]]*\] (.*)", result.stderr)


def requests_of(page: Path, folder: Path) -> tuple[str, list[str], set[str]]:
    """The page's DOM, its console messages, and the addresses that it asked for or names."""
    dom, console = open_page(page, folder, f"--log-net-log={folder / 'net.json'}")
    log = (folder / "net.json").read_text().rstrip().rstrip(",")
    events = json.loads(log if log.endswith("}") else log + "]}")["events"]
    requests = {event["params"]["url"] for event in events if "url" in event.get("params", {})}
    browser_hosts = ("googleapis.com", "google.com")
    asked = {url for url in requests if url.startswith("http") and not any(host in url for host in browser_hosts)}
    named = re.findall(r"""(?:src|href)=["'](?!#|data:)[^"']*|@import|url\((?!#)""", page.read_text("utf-8"))
    return dom, console, asked | {*named}


def phone_widths(page: Path, folder: Path) -> tuple[int, int, int]:
    """At a width of 375 pixels: how wide the page is, where its widest plot ends, and the number of plots."""
    script = (
        "const f = document.querySelector('iframe'); f.onload = () => { const d = f.contentDocument.documentElement;"
        "const widest = Math.max(...[...d.querySelectorAll('svg')].map(s => s.getBoundingClientRect().right));"
        "document.title = `${d.scrollWidth} ${Math.ceil(widest)} ${d.querySelectorAll('svg').length}`; }"
    )
    frame = (
        f'<iframe width="375" height="800" style="border:0" srcdoc="{html.escape(page.read_text("utf-8"))}"></iframe>'
    )
    (folder / "phone.html").write_text(f"<body>{frame}<script>{script}</script></body>", "utf-8")
    match = re.search(r"<title>(\d+) (\d+) (\d+)</title>", open_page(folder / "phone.html", folder)[0])
    assert match
    width, widest, plots = map(int, match.groups())
    return width, widest, plots


def test_page_makes_no_network_requests(report: Path, tmp_path: Path) -> None:
    """Opened offline from a file, the page shows its plots, logs nothing and makes no network request."""
    dom, console, requests = requests_of(report / "report.html", tmp_path)
    assert console == []
    assert dom.count("<svg") == 5
    assert requests == set()


def test_blocked_content_appears_in_the_console(report: Path, tmp_path: Path) -> None:
    """The test above can fail: the page's content security policy logs an external image."""
    page = tmp_path / "page.html"
    text = (report / "report.html").read_text("utf-8")
    page.write_text(text.replace("<h3>Plots", '<img src="http://127.0.0.1:9/x.png"><h3>Plots'), "utf-8")
    assert any("Content Security Policy" in line for line in open_page(page, tmp_path)[1])


def test_page_fits_a_phone(report: Path, tmp_path: Path) -> None:
    """At a width of 375 pixels only wide tables scroll sideways, and no plot is cut off."""
    width, plot, plots = phone_widths(report / "report.html", tmp_path)
    assert plots == 5
    assert max(width, plot) <= 375


def test_dvc_plots_work_offline(report: Path, run: Run, tmp_path: Path) -> None:
    """`dvc plots diff` draws its plots in a page that needs no network."""
    run("dvc", "plots", "diff", "main", "--out", str(tmp_path / "plots"), cwd=report.parent)
    dom, console = open_page(tmp_path / "plots" / "index.html", tmp_path)
    from_vega = ("WARN ", "compiled spec uses Vega v5")  # on DVC's own specification
    assert [line for line in console if not any(text in line for text in from_vega)] == []
    assert len(re.findall(r'<(?:svg|canvas)[^>]* class="marks"', dom)) == 5
    assert "://cdn" not in dom


def test_comment_chart_renders_with_mermaid(report: Path, tmp_path: Path) -> None:
    """Mermaid draws the comment's chart with one line for each version."""
    subprocess.run(["npm", "pack", "--silent", "mermaid@11.12.0"], cwd=tmp_path, check=True)
    with tarfile.open(tmp_path / "mermaid-11.12.0.tgz") as archive:
        archive.extract("package/dist/mermaid.min.js", tmp_path, filter="data")
    chart = (report / "report.md").read_text("utf-8").split("```mermaid\n")[1].split("```")[0]
    draw = "r => document.body.innerHTML = r.svg, e => document.title = `wrong: ${e}`"
    script = f"mermaid.render('drawn', {json.dumps(chart)}).then({draw})"
    page = f'<body><script src="package/dist/mermaid.min.js"></script><script>{script}</script></body>'
    (tmp_path / "chart.html").write_text(page, "utf-8")
    dom, _ = open_page(tmp_path / "chart.html", tmp_path)
    assert "wrong:" not in dom
    assert len(re.findall(r'<g class="line-plot-\d+"', dom)) == 2
