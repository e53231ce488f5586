"""The documentation site: its pages, and what makes the reference out of the package itself.

`python -m mkdocs build --strict -f comet_async/docs/mkdocs.yml -d FOLDER` builds it, from a
checkout; wheels do not have it.
"""
