"""The fake and the local folder keep the contract of datasources."""

from __future__ import annotations

from pathlib import Path

import pytest

from swath.adapters.datasource.local import LocalFolder
from swath.pipeline.ports import Datasource
from swath.testing.datasource_contract import DatasourceContract
from swath.testing.memory_datasource import MemoryDatasource


class TestMemoryDatasource(DatasourceContract):
    @pytest.fixture
    def datasource(self) -> Datasource:
        return MemoryDatasource(page_size=7)


class TestLocalFolder(DatasourceContract):
    @pytest.fixture
    def datasource(self, tmp_path: Path) -> Datasource:
        return LocalFolder(tmp_path)
