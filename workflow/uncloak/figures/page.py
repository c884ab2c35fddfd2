"""Pages that show a chart and need no network: the browser's part of Vega, once per run, and a page around it."""

from collections.abc import Mapping

import altair as alt
import vl_convert

from uncloak.figures.escaping import json_for_script

# What vl_convert calls the Vega-Lite that Altair writes, as in "6.1".
VEGA_LITE = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])

# The editor is a web site; the other entries of the menu work offline.
_MENU = {"export": {"svg": True, "png": True}, "source": True, "compiled": False, "editor": False}
_OPTIONS = {"mode": "vega-lite", "renderer": "svg", "actions": _MENU}
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<style>
#chart.vega-embed {{ width: 100%; display: flex; }}
#chart.vega-embed details, #chart.vega-embed details summary {{ position: relative; }}
</style>
<script>
{vega}
</script>
</head>
<body>
<div id="chart"></div>
<script>
vegaEmbed("#chart", {chart}, {options}).catch(console.error);
</script>
</body>
</html>
"""


def vega() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script for a page; making it takes more than a second of CPU."""
    return vl_convert.javascript_bundle(vl_version=VEGA_LITE)


def page(chart: Mapping, vega: str) -> str:
    """Return the HTML page that shows a chart, a Vega-Lite record, with the script that `vega()` returned."""
    return _PAGE.format(vega=vega, chart=json_for_script(chart), options=json_for_script(_OPTIONS))
