"""What the interfaces of S3 and Azure have in common: XML, etags and the headers of HTTP."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree as ET

from swath.adapters.datasource.dialect import StoredObject
from swath.adapters.datasource.exchange import Answer, Request

_NAMESPACE = re.compile(rb' xmlns="[^"<>]*"')


def parse_xml(body: bytes) -> ET.Element:
    """The document, without the namespace that some stores give it. Raises ValueError."""
    try:
        return ET.fromstring(_NAMESPACE.sub(b"", body, count=1))
    except ET.ParseError as exc:
        raise ValueError("not XML") from exc


def error_code(body: bytes) -> str:
    """What S3 and Azure call the error of an answer, "" if the body says nothing."""
    found = re.search(rb"<Code>\s*([A-Za-z0-9_.]{1,60})\s*</Code>", body[:65536])
    return found.group(1).decode() if found else ""


def object_of_headers(key: str, headers: Mapping[str, str]) -> StoredObject:
    """What the headers of S3 and Azure say of an object."""
    return StoredObject(
        key=key,
        size=int(headers.get("content-length", 0)),
        version=etag_of(headers),
        modified_at=http_date_milliseconds(headers.get("last-modified", "")),
    )


def http_date_milliseconds(text: str) -> int:
    """ms since 1970 of an HTTP date, 0 if it is none."""
    try:
        return int(parsedate_to_datetime(text).timestamp() * 1000)
    except (TypeError, ValueError):
        return 0


def etag_of(headers: Mapping[str, str]) -> str:
    """The version of an object, without the quotes that listings of Azure leave away."""
    return headers.get("etag", "").strip('"')


def range_headers(start: int, end: int, version: str) -> dict[str, str]:
    """What asks for bytes [start, end) of an object, of a version unless that is ""."""
    headers = {"Range": f"bytes={start}-{end - 1}"}
    return {**headers, "If-Match": f'"{version}"'} if version else headers


class XmlStore(ABC):
    """The requests for one object that S3 and Azure spell alike: what is left of their dialects is their own."""

    def look_up(self, key: str) -> Request:
        return self._signed("HEAD", self._url(key))

    def found(self, key: str, answer: Answer) -> StoredObject:
        return object_of_headers(key, answer.headers)

    def read(self, key: str, start: int, end: int, version: str) -> Request:
        return self._signed("GET", self._url(key), range_headers(start, end, version))

    def version_of(self, answer: Answer) -> str:
        return etag_of(answer.headers)

    def delete(self, key: str) -> Request:
        return self._signed("DELETE", self._url(key))

    def code(self, answer: Answer) -> str:
        return error_code(answer.body)

    @abstractmethod
    def _url(self, key: str) -> str:
        """Of an object."""

    @abstractmethod
    def _signed(self, method: str, url: str, headers: Mapping[str, str] | None = None) -> Request:
        """A request that carries what shows who asks."""
