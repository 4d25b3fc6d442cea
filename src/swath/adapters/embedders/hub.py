"""ONNX models by name from a model hub: `hub:owner/name[@revision][#file.onnx]`, through the hub's own library."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from swath.adapters.embedders.onnx_content import external_files
from swath.adapters.embedders.onnx_file import load_onnx_file
from swath.adapters.embedders.onnx_options import OnnxOptions, options_from_preprocessor_config
from swath.adapters.embedders.onnx_session import OnnxEmbedder, first_line
from swath.core.errors import EmbedderUnavailable, InvalidConfig

HUB_PREFIX = "hub:"

USUAL_FILES = ("model.onnx", "onnx/model.onnx")
"""Where ONNX models lie in a repository that was not exported by hand; tried in this order if no file is named."""

_NAME = re.compile(r"hub:(?P<repository>[\w.-]+/[\w.-]+)(@(?P<revision>[^#]+))?(#(?P<file>.+\.onnx))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubName:
    """Which model is meant; revision and file may be left to the hub and to habit."""

    repository: str
    revision: str | None
    file: str | None

    @classmethod
    def parse(cls, name: str) -> HubName:
        """Raises InvalidConfig for a name of another form."""
        match = _NAME.fullmatch(name)
        if match is None:
            raise InvalidConfig(
                f"A model from a hub is named `hub:owner/name[@revision][#file.onnx]`, got `{name}`",
                field="embedder",
                hint="for example `hub:onnx-community/dinov2-small` or `hub:owner/name@main#onnx/model.onnx`",
            )
        return cls(repository=match["repository"], revision=match["revision"], file=match["file"])


def load_hub_model(
    name: str,
    *,
    threads: int = 1,
    providers: Sequence[str] | None = None,
    options: OnnxOptions | None = None,
    cache_folder: Path | None = None,
    endpoint: str | None = None,
) -> OnnxEmbedder:
    """The embedder of a hub model, from the hub's local cache if it is there, else fetched into it.

    Size, mean and std come from the repository's `preprocessor_config.json` unless `options` say otherwise.
    `cache_folder` and `endpoint` are the hub library's own by default. Raises EmbedderUnavailable if the library is
    missing, or the model is neither here nor can be fetched.
    """
    repository = _Repository(HubName.parse(name), cache_folder, endpoint)
    model = repository.model()
    for data_file in external_files(model.read_bytes(), source=name):
        repository.beside_model(data_file)
    config = repository.optional("preprocessor_config.json")
    return load_onnx_file(
        model,
        threads=threads,
        providers=providers,
        options=options,
        defaults=OnnxOptions() if config is None else _read_config(config, f"{name}: preprocessor_config.json"),
        name=name,
    )


class _Repository:
    """One repository at one commit: whichever the first file came from holds for the others."""

    def __init__(self, name: HubName, cache_folder: Path | None, endpoint: str | None) -> None:
        try:
            import huggingface_hub.constants
        except ImportError as exc:
            raise EmbedderUnavailable(
                "Models from a hub need the package `huggingface_hub`, which is not installed",
                hint="run `pip install 'swath[hub]'`, or give the path of an ONNX file instead",
            ) from exc
        self._hub = huggingface_hub
        self._name = name
        self._revision = name.revision
        self._cache_folder = Path(cache_folder or huggingface_hub.constants.HF_HUB_CACHE)
        self._endpoint = endpoint
        self._model_file = PurePosixPath()

    def model(self) -> Path:
        files = (self._name.file,) if self._name.file else USUAL_FILES
        for file in files:
            path = self.optional(file)
            if path is not None:
                self._model_file = PurePosixPath(file)
                # <cache>/models--owner--name/snapshots/<commit>/<file>
                self._revision = path.parents[len(self._model_file.parts) - 1].name
                return path
        raise self._unavailable(" or ".join(f"`{file}`" for file in files))

    def beside_model(self, file: str) -> Path:
        """A file in the model's folder that the model cannot do without."""
        path = self.optional(str(self._model_file.parent / file))
        if path is None:
            raise self._unavailable(f"`{self._model_file.parent / file}`")
        return path

    def optional(self, file: str) -> Path | None:
        """The local path of a file, None if the repository has none or it cannot be known (offline, not fetched)."""
        from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, HFValidationError

        try:
            return Path(
                self._hub.hf_hub_download(
                    self._name.repository,
                    file,
                    revision=self._revision,
                    cache_dir=self._cache_folder,
                    endpoint=self._endpoint,
                )
            )
        except EntryNotFoundError:  # LocalEntryNotFoundError, which means offline, is one
            return None
        except (HfHubHTTPError, HFValidationError, OSError) as exc:
            raise EmbedderUnavailable(
                f"Hub model `{self._name.repository}` cannot be fetched: {first_line(exc)}",
                hint="check its name and revision; for models that ask for a licence run `hf auth login` first",
            ) from exc

    def _unavailable(self, wanted: str) -> EmbedderUnavailable:
        repository = self._name.repository
        revision = f" --revision {self._name.revision}" if self._name.revision else ""
        folder = self._cache_folder / f"models--{repository.replace('/', '--')}"
        return EmbedderUnavailable(
            f"Hub model `{repository}`: {wanted} is neither in the local cache nor can it be fetched",
            hint=f"where there is internet, run `hf download {repository}{revision}`, which fills `{folder}`, and copy"
            " that folder to the same place here; or name another file with `#file.onnx`;"
            " or give the path of an ONNX file instead",
        )


def _read_config(path: Path, source: str) -> OnnxOptions:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as exc:
        raise EmbedderUnavailable(f"`{source}` is not a JSON file that can be read: {exc}") from exc
    return options_from_preprocessor_config(document, source=source)
