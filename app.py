"""Serves the page: `python app.py`. Hugging Face Spaces runs this file too."""

from __future__ import annotations

import os

# Nothing is reported anywhere, and no page of ours asks another host for anything.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

from demo.interface import build, launch_options

demo = build()

if __name__ == "__main__":
    demo.queue(default_concurrency_limit=2).launch(**launch_options())
