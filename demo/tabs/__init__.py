"""One file a tab: what goes in, and how what was read of it is shown."""

from demo.tabs.audio import AudioTab
from demo.tabs.audiovisual import AudiovisualTab
from demo.tabs.flow import FlowTab
from demo.tabs.image import ImageTab
from demo.tabs.point_cloud import PointCloudTab
from demo.tabs.text import TextTab
from demo.tabs.video import VideoTab
from demo.tabs.zoo import ZooTab

# In the order of the page.
TABS = (ImageTab, AudioTab, VideoTab, PointCloudTab, AudiovisualTab, FlowTab, TextTab, ZooTab)

__all__ = ["TABS"]
