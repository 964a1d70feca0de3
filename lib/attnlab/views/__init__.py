"""What a panel can show. Frozen dataclasses: data and titles in; draw, update and describe out."""

from attnlab.views.amounts import amount
from attnlab.views.areas import Areas
from attnlab.views.bars import Bars
from attnlab.views.blocks import Blocks
from attnlab.views.charts import Curves
from attnlab.views.dot import DotProduct
from attnlab.views.heads import Heads
from attnlab.views.links import Links
from attnlab.views.maps import Heatmap
from attnlab.views.picture import Picture
from attnlab.views.pieces import Pieces
from attnlab.views.points import Points
from attnlab.views.protocol import Box, Drawn
from attnlab.views.sound import Sound
from attnlab.views.structure import Part
from attnlab.views.text import Formula, Note
from attnlab.views.view import View

__all__ = [
    "Areas", "Bars", "Blocks", "Box", "Curves", "DotProduct", "Drawn", "Formula", "Heads", "Heatmap", "Links",
    "Note", "Part", "Picture", "Pieces", "Points", "Sound", "View", "amount",
]  # fmt: skip
