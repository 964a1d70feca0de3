"""What a panel can show: frozen dataclasses of data and titles that draw, update and describe themselves."""

from attnlab.views.amounts import amount as amount
from attnlab.views.areas import Areas as Areas
from attnlab.views.bars import Bars as Bars
from attnlab.views.blocks import Blocks as Blocks
from attnlab.views.charts import Curves as Curves
from attnlab.views.dot import DotProduct as DotProduct
from attnlab.views.heads import Heads as Heads
from attnlab.views.links import Links as Links
from attnlab.views.maps import Heatmap as Heatmap
from attnlab.views.picture import Picture as Picture
from attnlab.views.pieces import Pieces as Pieces
from attnlab.views.points import Points as Points
from attnlab.views.protocol import Box as Box
from attnlab.views.protocol import Drawn as Drawn
from attnlab.views.sound import Sound as Sound
from attnlab.views.structure import Part as Part
from attnlab.views.text import Formula as Formula
from attnlab.views.text import Note as Note
from attnlab.views.view import View as View
