"""Where buckets really are, as `SWATH_ENDPOINTS` says it."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.errors import InvalidConfig
from swath.wire.endpoints import Endpoints, check_endpoint, folder_of
from swath.wire.locations import Location, Scheme, parse_location

NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{1,20}[a-z0-9]", fullmatch=True)
PARTS = st.text(st.characters(exclude_characters="/\\\0", exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda part: part not in (".", "..")
)
PLACES = st.builds(
    lambda scheme, bucket, account, parts: Location(
        scheme=scheme, bucket=bucket, account=account if scheme is Scheme.AZURE else "", path="/".join(parts)
    ),
    st.sampled_from([Scheme.S3, Scheme.GCS, Scheme.AZURE, Scheme.OBS]),
    NAMES,
    NAMES,
    st.lists(PARTS, max_size=4),
)


def target(setting: str, location: str) -> str | None:
    return Endpoints.parse(setting).target_of(parse_location(location))


@pytest.mark.parametrize(
    ("setting", "location", "expected"),
    [
        ("", "s3://photos", None),
        ("s3://=http://127.0.0.1:9000", "s3://photos/2026", "http://127.0.0.1:9000"),
        ("s3://=http://127.0.0.1:9000/", "s3://photos", "http://127.0.0.1:9000"),
        ("s3://=http://127.0.0.1:9000", "gs://photos", None),
        ("s3://=http://127.0.0.1:9000", "/data/photos", None),
        ("s3://photos=https://minio.example", "s3://photos/2026", "https://minio.example"),
        ("s3://photos=https://minio.example", "s3://photos2", None),
        ("s3://photos=https://minio.example", "s3://other", None),
        ("s3://=http://all s3://photos=http://one s3://photos/a=http://a", "s3://photos/a/b", "http://a"),
        ("s3://=http://all s3://photos=http://one s3://photos/a=http://a", "s3://photos/ab", "http://one"),
        ("s3://=http://all s3://photos=http://one s3://photos/a=http://a", "s3://photo", "http://all"),
        ("s3://=/data/buckets", "s3://photos/2026/may", "file:///data/buckets/photos/2026/may"),
        ("s3://photos=/data/p", "s3://photos", "file:///data/p"),
        ("s3://photos=/data/p/", "s3://photos/a b#1", "file:///data/p/a%20b%231"),
        ("s3://photos/2026=/data/p", "s3://photos/2026/may", "file:///data/p/may"),
        ("s3://photos/2026=/data/p", "s3://photos/2025", None),
        ("az://@account=http://127.0.0.1:10000/account", "az://photos@account/a", "http://127.0.0.1:10000/account"),
        ("az://@account=http://127.0.0.1:10000/account", "az://photos@other", None),
        ("az://@account=/data/az", "az://photos@account/a", "file:///data/az/photos/a"),
        ("az://photos@account=/data/p", "az://photos@account/a", "file:///data/p/a"),
        ("az://=/data/az", "az://photos@account/a", "file:///data/az/account/photos/a"),
        ("gs://photos=/", "gs://photos/a", "file:///a"),
    ],
)
def test_the_longest_prefix_that_ends_at_a_boundary_wins(setting: str, location: str, expected: str | None) -> None:
    assert target(setting, location) == expected


@pytest.mark.parametrize(
    "setting",
    [
        "s3://",
        "=http://127.0.0.1",
        "s3://photos=",
        "s3://photos=data/relative",
        "s3://photos=ftp://127.0.0.1",
        "s3://photos=http://",
        "s3://photos=http://127.0.0.1:99999",
        "s3://photos=http://user:secret@127.0.0.1",
        "s3://photos=http://127.0.0.1?query=1",
        "/data/photos=http://127.0.0.1",
        "photos=http://127.0.0.1",
        "s3a://photos=http://127.0.0.1",
        "s3://photos//a=http://127.0.0.1",
        "http://photos=http://127.0.0.1",
        "s3://photos=http://one s3://photos=http://two",
    ],
)
def test_what_cannot_be_used_is_named(setting: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        Endpoints.parse(setting)
    assert caught.value.field == "SWATH_ENDPOINTS"
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("url", ["http://x/?sig=1", "file:///data", "http://a b", "http://x\n", "https://k:s@x", ""])
def test_what_is_no_endpoint_is_refused(url: str) -> None:
    with pytest.raises(InvalidConfig):
        check_endpoint(url)


@given(PLACES)
def test_canonical_uris_are_read_back_as_they_were(place: Location) -> None:
    # Spaces at the ends of a prefix are part of it, and slashes there are not.
    assert parse_location(place.uri) == place
    assert parse_location(f"{place.uri}/").uri == place.uri


@given(PLACES, st.integers(0, 4))
def test_a_folder_holds_the_rest_of_the_place_it_stands_for(place: Location, depth: int) -> None:
    parts = place.path.split("/") if place.path else []
    upper = Location(
        scheme=place.scheme, bucket=place.bucket, account=place.account, path="/".join(parts[: min(depth, len(parts))])
    )
    found = Endpoints({upper.uri: "/data"}).target_of(place)
    assert found is not None
    assert unquote(found) == "/".join(["file:///data", *parts[min(depth, len(parts)) :]])
    assert folder_of(found) == "/".join(["/data", *parts[min(depth, len(parts)) :]])


@given(PLACES, PLACES)
def test_other_places_are_where_their_names_say(mapped: Location, other: Location) -> None:
    if f"{other.uri}/".startswith(f"{mapped.uri}/"):
        return
    assert Endpoints({mapped.uri: "http://127.0.0.1"}).target_of(other) is None


def test_only_files_are_folders() -> None:
    assert folder_of("http://127.0.0.1:9000") is None
    assert folder_of("file:///data/a%20b") == "/data/a b"
