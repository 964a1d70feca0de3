"""The class that every view has for a parent."""

from dataclasses import Field
from typing import Any, ClassVar

from attnlab.views.protocol import Drawable
from attnlab.views.stage import Stage


class View(Drawable):
    """A view shows itself, as the last line of a cell too: its picture and its sentence."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]  # every view is a dataclass

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        stage = Stage()
        stage.show((self,))
        return {"text/plain": self.describe(), "image/png": stage.png()}
