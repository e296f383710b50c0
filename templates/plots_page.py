"""Writes the page of `dvc plots` that opens offline: `make plots-page`. DVC's own page loads Vega from the network.

Needs vl-convert-python, whose package has Vega, Vega-Lite and Vega-Embed as one script.
"""

from pathlib import Path

import vl_convert

TARGET = Path(__file__).parents[1] / "{{cookiecutter.project_slug}}" / ".dvc" / "plots.html"
# vega's expressions are compiled, so eval is allowed; the network is not
POLICY = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:"
PAGE = """<!DOCTYPE html>
<!-- The page of `dvc plots`, which opens offline. It contains Vega, Vega-Lite and Vega-Embed, which are
Copyright (c) University of Washington Interactive Data Lab, licensed under BSD-3-Clause (vega.github.io). -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
{refresh_tag}
<title>Plots</title>
<style>body > div {{ display: inline-block; margin: 1rem }}</style>
<script>(() => {{{script}}})();</script>
</head>
<body>
{plot_divs}
</body>
</html>
"""

if __name__ == "__main__":
    # Vega-Lite 5, in which DVC writes its specifications
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version="5.21")
    script = bundle.replace("</script", "<\\/script").strip()
    placeholders = {"refresh_tag": "{refresh_tag}", "plot_divs": "{plot_divs}"}  # DVC fills these
    assert not any(placeholder in script for placeholder in placeholders.values())
    TARGET.write_text(PAGE.format(policy=POLICY, script=script, **placeholders), "utf-8", newline="\n")
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")
