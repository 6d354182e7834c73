"""Drop zones hand over the file itself, also once Gradio has made them anew."""

from __future__ import annotations

from types import SimpleNamespace

import gradio as gr
import pytest

from demo.parts import read_path


@pytest.mark.parametrize("kind", [gr.Image, gr.Audio, gr.Video, gr.File])
def test_an_updated_drop_zone_still_opens_no_file(kind, tmp_path):
    bad = tmp_path / "not_decoded.bin"
    bad.write_bytes(b"nothing of the kind")
    zone = read_path(kind(label="Drop", render=False))
    again = type(zone)(**zone.constructor_args | {"render": False})  # what Gradio does for every update
    for component in (zone, again):
        assert component.preprocess(SimpleNamespace(path=str(bad))) == str(bad)
        assert component.preprocess(None) is None
        assert component.get_block_name() == kind(render=False).get_block_name()
    assert again.get_config()["label"] == "Drop"
