"""The Pillow codec keeps the contract of image codecs."""

from __future__ import annotations

import pytest

from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.pipeline.ports import ImageCodec
from swath.testing.codec_contract import ImageCodecContract


class TestPillowCodec(ImageCodecContract):
    @pytest.fixture
    def codec(self) -> ImageCodec:
        return PillowCodec()
