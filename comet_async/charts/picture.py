"""A picture: shown in a notebook, or written as PNG, SVG or a page that opens offline."""

from __future__ import annotations

import base64
import functools
import html
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

from comet_async.engine.part_file import write_whole
from comet_async.errors import UsageError
from comet_async.extras import extra
from comet_async.redaction import printable

if TYPE_CHECKING:
    import altair as alt

__all__ = ["Picture", "check_target"]

_ENDINGS = (".png", ".svg", ".html")
_TOLD = ".png, .svg or .html"
_SCALE = 2.0
_MIME = "application/vnd.vegalite.v6+json"

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline';"
    " img-src data: blob:"
)
"""What the page may load: nothing. Vega makes functions of its expressions, hence the `eval`."""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body {{ margin: 24px; font-family: sans-serif; }}</style>
</head>
<body>
<div id="picture"></div>
<script>{bundle}</script>
<script>
vegaEmbed("#picture", {spec}, {options}).catch(error => {{
  document.getElementById("picture").textContent = String(error);
}});
</script>
</body>
</html>
"""


class Picture:
    """A picture, described in Vega-Lite; `chart` and `parallel_coordinates` make it.

    A notebook shows it by itself, and keeps it as PNG beside the interactive form.

    Args:
        spec: The specification.
    """

    def __init__(self, spec: Mapping[str, object]) -> None:
        self._spec = dict(spec)

    @property
    def spec(self) -> dict[str, object]:
        """The Vega-Lite specification, with its data: a copy."""
        return cast("dict[str, object]", json.loads(json.dumps(self._spec)))

    @property
    def altair(self) -> alt.TopLevelMixin:
        """The same as an object of altair, to change or to combine.

        Raises:
            UsageError: altair is missing; the message says what to install.
        """
        module = extra("altair")
        rows: dict[str, object] = {}
        # Without its rows, for altair checks every number by itself: 24,000 took ten seconds.
        made = module.Chart.from_dict(_apart(self.spec, rows))
        made.datasets = rows
        return cast("alt.TopLevelMixin", made)

    @property
    def title(self) -> str:
        """Its title."""
        found = self._spec.get("title")
        text = cast("dict[str, object]", found).get("text") if isinstance(found, dict) else found
        return str(text or "")

    def to_png(self, *, scale: float = _SCALE) -> bytes:
        """Return it as PNG.

        Args:
            scale: Pixels of the image for each pixel of the picture.

        Raises:
            UsageError: vl-convert is missing; the message says what to install.
        """
        options: dict[str, object] = {**_options(), "scale": scale}
        return cast("bytes", _converter().vegalite_to_png(_still(self._spec), **options))

    def to_svg(self) -> str:
        """Return it as SVG.

        Raises:
            UsageError: As `to_png`.
        """
        return cast("str", _converter().vegalite_to_svg(_still(self._spec), **_options()))

    def to_html(self) -> str:
        """Return it as one page with all that it needs: about 1 MB, interactive, offline.

        The page has a policy that lets it load nothing.

        Raises:
            UsageError: As `to_png`.
        """
        options = {"renderer": "canvas", "actions": {"export": True, "source": False,
                   "compiled": False, "editor": False}}  # fmt: skip
        return _PAGE.format(
            policy=html.escape(_POLICY, quote=True),
            title=html.escape(self.title),
            bundle=_bundle(),
            spec=_for_script(self._spec),
            options=_for_script(options),
        )

    def save(self, path: str | os.PathLike[str], *, scale: float = _SCALE) -> Path:
        """Write it to a file, whole or not at all; a file that is there is replaced.

        Args:
            path: The file; its ending says what it will be: .png, .svg or .html.
            scale: As for `to_png`.

        Returns:
            The file.

        Raises:
            UsageError: It has another ending, its folder is missing, or an extra is missing.
            DestinationError: It cannot be written.
        """
        target = Path(path)
        check_target(target)
        made: dict[str, Callable[[], bytes]] = {
            ".png": lambda: self.to_png(scale=scale),
            ".svg": lambda: self.to_svg().encode(),
            ".html": lambda: self.to_html().encode(),
        }
        write_whole(target, memoryview(made[target.suffix.lower()]()))
        return target

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, object], dict[str, object]]:
        del include, exclude
        image = base64.b64encode(self.to_png()).decode()
        return {_MIME: self.spec, "image/png": image, "text/plain": repr(self)}, {}

    def __repr__(self) -> str:
        return f"<Picture {self.title}>"


def check_target(target: Path) -> None:
    """See that a picture can be saved under a name.

    Raises:
        UsageError: It has another ending than .png, .svg and .html, or its folder is missing.
    """
    if target.suffix.lower() not in _ENDINGS:
        told = printable(target.suffix) or "no ending"
        raise UsageError(f"a picture ends in {_TOLD}, not in {told}")
    if not target.parent.is_dir():
        raise UsageError(f"{printable(str(target.parent))}: no such folder")


def _still(spec: Mapping[str, object]) -> str:
    """Return a specification as JSON, without what moves it."""

    def without(found: object) -> object:
        if isinstance(found, list):
            return [without(inner) for inner in cast("list[object]", found)]
        if not isinstance(found, dict):
            return found
        members = cast("dict[str, object]", found)
        return {
            name: inner if name == "data" else without(inner)
            for name, inner in members.items()
            if name != "params"
        }

    return json.dumps(without(dict(spec)))


def _apart(found: object, rows: dict[str, object]) -> object:
    """Return a specification with names in place of its data, which is put into `rows`."""
    if isinstance(found, list):
        return [_apart(inner, rows) for inner in cast("list[object]", found)]
    if not isinstance(found, dict):
        return found
    members: dict[str, object] = {}
    for name, inner in cast("dict[str, object]", found).items():
        if name == "data":
            rows[f"rows{len(rows)}"] = cast("dict[str, object]", inner)["values"]
            members[name] = {"name": [*rows][-1]}
        else:
            members[name] = _apart(inner, rows)
    return members


def _converter() -> ModuleType:
    return extra("vl_convert")


def _options() -> dict[str, object]:
    """Return what the converter is told: its version, and that it may load nothing."""
    return {"vl_version": _version(), "allowed_base_urls": []}


@functools.cache
def _version() -> str:
    """Return the newest Vega-Lite 6 that the converter has."""
    known = cast("list[str]", _converter().get_vegalite_versions())
    ours = [one for one in known if one.lstrip("v").split(".")[0] == "6"]
    if not ours:
        raise UsageError("vl-convert is too old: pip install -U 'comet_async[charts]'")
    return max(ours, key=lambda one: [int(part) for part in one.lstrip("v").split(".")])


@functools.cache
def _bundle() -> str:
    return cast("str", _converter().javascript_bundle(vl_version=_version()))


def _for_script(value: object) -> str:
    """Return JSON that no text in it can lead out of a script element."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
