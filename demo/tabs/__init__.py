"""One file a modality: what goes in, and how its map is shown."""

from demo.tabs.audio import AudioTab
from demo.tabs.image import ImageTab
from demo.tabs.point_cloud import PointCloudTab
from demo.tabs.video import VideoTab

TABS = (ImageTab, AudioTab, VideoTab, PointCloudTab)

__all__ = ["TABS", "AudioTab", "ImageTab", "PointCloudTab", "VideoTab"]
