"""Finds the key somebody meant. Pure; any thread."""

import difflib
from typing import get_args

from pydantic import BaseModel

Location = tuple[int | str, ...]


def closest_key(root: type[BaseModel], loc: Location) -> str | None:
    """The known key that looks most like the unknown one at `loc`, or None."""
    model: type[BaseModel] | None = root
    for part in loc[:-1]:
        if model is None:
            return None
        model = model_in(model.model_fields[part].annotation) if isinstance(part, str) else model
    if model is None:
        return None
    found = difflib.get_close_matches(str(loc[-1]), model.model_fields, n=1)
    return found[0] if found else None


def model_in(annotation: object) -> type[BaseModel] | None:
    """The table type inside an annotation such as `Gateway | None` or `tuple[Reception, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        found = model_in(argument)
        if found is not None:
            return found
    return None
