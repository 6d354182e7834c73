"""Drawing a map over its own input: pixels, spectrogram, frames, points. Pictures in, pictures out; no page here."""

from perceiver_zoo.views.caption import caption, with_caption
from perceiver_zoo.views.clip import draw_clip, draw_contact_sheet
from perceiver_zoo.views.cloud import Cloud, cloud_of, draw_cloud
from perceiver_zoo.views.colour import Span, colours, overlay, span_of
from perceiver_zoo.views.image import draw_image
from perceiver_zoo.views.sound import draw_sound

__all__ = [
    "Cloud",
    "Span",
    "caption",
    "cloud_of",
    "colours",
    "draw_clip",
    "draw_cloud",
    "draw_contact_sheet",
    "draw_image",
    "draw_sound",
    "overlay",
    "span_of",
    "with_caption",
]
