"""Drawing a map over its own input: pixels, sound, frames, points, text. Pictures in, pictures out; no page here."""

from perceiver_zoo.views.audiovisual import draw_waves
from perceiver_zoo.views.caption import SCALE_NAMES, caption, with_caption
from perceiver_zoo.views.clip import draw_clip, draw_contact_sheet
from perceiver_zoo.views.cloud import Cloud, cloud_of, draw_cloud
from perceiver_zoo.views.colour import Span, colours, overlay, span_of
from perceiver_zoo.views.flow import draw_flow, draw_flow_map, flow_wheel
from perceiver_zoo.views.image import draw_image
from perceiver_zoo.views.picture import draw
from perceiver_zoo.views.small import Small
from perceiver_zoo.views.sound import draw_sound
from perceiver_zoo.views.text import text_html

__all__ = [
    "SCALE_NAMES",
    "Cloud",
    "Small",
    "Span",
    "caption",
    "cloud_of",
    "colours",
    "draw",
    "draw_clip",
    "draw_cloud",
    "draw_contact_sheet",
    "draw_flow",
    "draw_flow_map",
    "draw_image",
    "draw_sound",
    "draw_waves",
    "flow_wheel",
    "overlay",
    "span_of",
    "text_html",
    "with_caption",
]
