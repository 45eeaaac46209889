"""Models in the OpenAPI document."""

from __future__ import annotations

import pytest

from appliance.contract.api import Api, route
from appliance.contract.openapi import document
from appliance.contract.types import OperatorModel


class Answer(OperatorModel):
    """An answer."""

    text: str


class Other(OperatorModel):
    """Called the same by mistake, as in another module."""

    number: int


Other.__name__ = Other.__qualname__ = "Answer"


class FirstApi(Api):
    """Two routes that answer the same."""

    @route("GET", "/api/v1/first")
    async def first(self) -> list[Answer]:
        """Ask."""
        raise NotImplementedError

    @route("GET", "/api/v1/again")
    async def again(self) -> list[Answer]:
        """Ask."""
        raise NotImplementedError


class OtherApi(Api):
    """One that answers something else."""

    @route("GET", "/api/v1/other")
    async def other(self) -> list[Other]:
        """Ask."""
        raise NotImplementedError


def test_one_model_may_be_the_answer_of_many_routes() -> None:
    assert set(document("title", "1", (FirstApi,))["components"]["schemas"]) == {"Answer", "Error"}


def test_two_models_of_one_name_are_not_taken_for_one() -> None:
    Other.model_rebuild(force=True)
    with pytest.raises(TypeError, match="two models are called Answer"):
        document("title", "1", (FirstApi, OtherApi))
