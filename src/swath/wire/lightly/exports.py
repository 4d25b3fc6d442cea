"""Exports of tags in the shapes of labelling tools."""

from __future__ import annotations

from enum import StrEnum

from pydantic import ConfigDict

from swath.wire.lightly.base import Answer
from swath.wire.lightly.samples import SampleAnswer


class FileNameFormat(StrEnum):
    """How an export names a file."""

    NAME = "NAME"
    DATASOURCE_FULL = "DATASOURCE_FULL"
    REDIRECTED_READ_URL = "REDIRECTED_READ_URL"


class FileOutputFormat(StrEnum):
    """How a text is sent."""

    JSON = "JSON"
    PLAIN = "PLAIN"


class FileNameAndReadUrl(Answer):
    """A sample and where it can be loaded."""

    file_name: str
    read_url: str


class LabelStudioData(Answer):
    """What a task of Label Studio shows."""

    image: str
    lightly_file_name: str
    lightly_meta_info: SampleAnswer | None


class LabelStudioTask(Answer):
    """A task of Label Studio; ids count from 0."""

    id: int
    data: LabelStudioData


class LabelBoxDataRow(Answer):
    """A data row of Labelbox, as its first interface wanted it."""

    external_id: str
    image_url: str


class LabelBoxV4DataRow(Answer):
    """A data row of Labelbox; its keys are written as here."""

    model_config = ConfigDict(alias_generator=None)

    row_data: str
    global_key: str
    media_type: str


class SamaData(Answer):
    """What a task of Sama shows; what is known of the sample is JSON in a string."""

    id: int
    url: str
    image: str
    lightly_file_name: str
    lightly_meta_info: str | None


class SamaTask(Answer):
    """A task of Sama."""

    data: SamaData
