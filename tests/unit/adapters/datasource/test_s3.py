"""Buckets of S3: who may do what, and what people hear who may not. The server checks signatures and rights."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from urllib.request import urlopen

import pytest
from tests.support.s3_server import REGION, S3Server

from swath.adapters.datasource import open_datasource
from swath.core.errors import InvalidConfig, NotFound, SourceUnavailable, SwathError
from swath.pipeline.ports import Datasource, Rights
from swath.testing.datasource_contract import listed

LIST, READ, WRITE, DELETE = "s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    uri = s3_server.make_bucket()
    s3_server.put(uri, "photos/a.jpg", b"bytes of a")
    return uri


@pytest.fixture
def enforcing(s3_server: S3Server, bucket: str) -> Iterator[S3Server]:
    """The server, which checks from now on; users are made before with `opened`."""
    with s3_server.enforcing():
        yield s3_server


def opened(server: S3Server, uri: str, *actions: str) -> Datasource:
    """The bucket as a user sees it who may do just these things."""
    server._unchecked_requests("inf")
    access = server.user(*actions, uri=uri)
    server._unchecked_requests("0")
    return open_datasource(f"{uri}/photos", access)


class TestRights:
    def test_all_of_them_lack_nothing(self, enforcing: S3Server, bucket: str) -> None:
        datasource = opened(enforcing, bucket, LIST, READ, WRITE, DELETE)
        assert datasource.check_rights() == Rights(list=None, read=None, write=None, overwrite=None)
        assert set(listed(datasource)) == {"a.jpg"}

    def test_without_list(self, enforcing: S3Server, bucket: str) -> None:
        datasource = opened(enforcing, bucket, READ, WRITE, DELETE)
        rights = datasource.check_rights()
        assert rights.list == f"`{bucket}` cannot be listed: the credentials lack the right LIST (`s3:ListBucket`)"
        assert (rights.read, rights.write, rights.overwrite) == (None, None, None)
        with pytest.raises(SourceUnavailable, match="LIST"):
            listed(datasource)
        assert datasource.read("a.jpg") == b"bytes of a"

    def test_without_read(self, enforcing: S3Server, bucket: str) -> None:
        datasource = opened(enforcing, bucket, LIST, WRITE, DELETE)
        rights = datasource.check_rights()
        assert rights.read == f"`{bucket}` cannot be read: the credentials lack the right READ (`s3:GetObject`)"
        assert (rights.list, rights.write, rights.overwrite) == (None, None, None)
        with pytest.raises(SourceUnavailable, match=r"`a\.jpg` .* READ \(`s3:GetObject`\)"):
            datasource.read("a.jpg")

    def test_without_write(self, enforcing: S3Server, bucket: str) -> None:
        datasource = opened(enforcing, bucket, LIST, READ)
        rights = datasource.check_rights()
        assert (rights.list, rights.read) == (None, None)
        for reason in (rights.write, rights.overwrite, datasource.why_not_writable()):
            assert reason is not None
            assert "lack the right" in reason
            assert "`s3:PutObject`" in reason
            assert bucket in reason
        with pytest.raises(SourceUnavailable, match=r"`b\.jpg` .* WRITE \(`s3:PutObject`\)"):
            datasource.write("b.jpg", b"")

    def test_without_delete(self, enforcing: S3Server, bucket: str) -> None:
        datasource = opened(enforcing, bucket, LIST, READ, WRITE)
        assert datasource.check_rights() == Rights(list=None, read=None, write=None, overwrite=None)
        with pytest.raises(SourceUnavailable, match=r"`a\.jpg` .* cannot be deleted: .* DELETE \(`s3:DeleteObject`\)"):
            datasource.delete(["a.jpg"])
        # What trying to write has left is never listed.
        assert set(listed(datasource)) == {"a.jpg"}

    def test_none_at_all(self, enforcing: S3Server, bucket: str) -> None:
        rights = opened(enforcing, bucket).check_rights()
        assert all(
            reason and "lack the right" in reason
            for reason in (rights.list, rights.read, rights.write, rights.overwrite)
        )


class TestCredentials:
    def test_an_unknown_access_key(self, enforcing: S3Server, bucket: str) -> None:
        secret = "a-secret-that-nobody-may-see"
        access = {**enforcing.access, "access_key_id": "AKIANOBODY", "secret_access_key": secret}
        error = failure_of(lambda: listed(open_datasource(bucket, access)))
        assert "the store does not know the access key" in error.message
        assert bucket in error.message
        assert "`access_key_id`" in error.hint
        assert secret not in all_text_of(error)

    def test_a_wrong_secret(self, s3_server: S3Server, bucket: str) -> None:
        user = s3_server.user(LIST, READ, uri=bucket)
        with s3_server.enforcing():
            datasource = open_datasource(bucket, {**user, "secret_access_key": "wrong-secret"})
            error = failure_of(lambda: datasource.read("photos/a.jpg"))
        assert "the secret access key is not that of the access key" in error.message
        assert "`photos/a.jpg`" in error.message
        assert "wrong-secret" not in all_text_of(error)

    def test_without_any(self, enforcing: S3Server, bucket: str) -> None:
        with pytest.raises(SourceUnavailable, match="not open to everybody for READ"):
            open_datasource(bucket, {"endpoint": enforcing.endpoint}).read("photos/a.jpg")

    def test_nothing_of_the_machine_is_used_where_an_access_is_given(
        self, s3_server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        user = s3_server.user(LIST, READ, uri=bucket)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", user["access_key_id"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", user["secret_access_key"])
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_server.endpoint)
        with s3_server.enforcing():
            assert open_datasource(bucket).read("photos/a.jpg") == b"bytes of a"
            with pytest.raises(SourceUnavailable, match="not open to everybody"):
                open_datasource(bucket, {"endpoint": s3_server.endpoint}).read("photos/a.jpg")

    def test_a_machine_without_any_reads_open_buckets(
        self, s3_server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
    ) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.endpoint)
        name = bucket.removeprefix("s3://")
        s3_server.client("s3").put_object_acl(Bucket=name, Key="photos/a.jpg", ACL="public-read")
        datasource = open_datasource(bucket)
        assert datasource.read("photos/a.jpg") == b"bytes of a"
        url = datasource.read_url("photos/a.jpg", expires_s=60)
        assert url == f"{s3_server.endpoint}/{name}/photos/a.jpg"

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            ("ExpiredToken", "the credentials have expired"),
            ("InvalidToken", "the session token is not that of the access key"),
            ("RequestTimeTooSkewed", "the clock of this machine is wrong"),
        ],
    )
    def test_words_of_the_store_are_explained(self, answering: Any, code: str, words: str) -> None:
        endpoint = answering(403, f"<Error><Code>{code}</Code><Message>SECRET</Message></Error>")
        datasource = open_datasource("s3://photos", {"endpoint": endpoint, **FAKE_KEYS})
        error = failure_of(lambda: listed(datasource))
        assert error.message == f"`s3://photos` cannot be listed: {words}"
        assert "SECRET" not in all_text_of(error)

    def test_a_right_to_the_kms_key_is_told_from_one_to_the_bucket(self, answering: Any) -> None:
        message = "User: arn:aws:iam::1:user/x is not authorized to perform: kms:GenerateDataKey on resource: arn:…"
        endpoint = answering(403, f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>")
        error = failure_of(lambda: open_datasource("s3://photos", {"endpoint": endpoint}).write("a.jpg", b""))
        assert error.message.endswith("the credentials lack the right `kms:GenerateDataKey` to the KMS key")

    def test_an_archived_object_is_said_to_be(self, answering: Any) -> None:
        endpoint = answering(403, "<Error><Code>InvalidObjectState</Code></Error>")
        with pytest.raises(SourceUnavailable, match="the object is archived"):
            open_datasource("s3://photos", {"endpoint": endpoint}).read("a.jpg")

    def test_looking_a_file_up_says_why_not_too(self, answering: Any) -> None:
        endpoint = answering(400, "<Error><Code>ExpiredToken</Code></Error>")
        error = failure_of(lambda: open_datasource("s3://photos", {"endpoint": endpoint, **FAKE_KEYS}).stat("a.jpg"))
        assert error.message == "`a.jpg` in `s3://photos` cannot be read: the credentials have expired"

    def test_a_wrong_region_is_named_with_the_right_one(self, answering: Any) -> None:
        endpoint = answering(301, "<Error><Code>PermanentRedirect</Code></Error>", {"x-amz-bucket-region": "eu-west-1"})
        access = {"endpoint": endpoint, **FAKE_KEYS, "region": "us-east-2"}
        error = failure_of(lambda: listed(open_datasource("s3://photos", access)))
        assert error.message.endswith("the bucket is in the region `eu-west-1`, not `us-east-2`")

    def test_a_region_that_nobody_gave_is_learned(self, answering: Any) -> None:
        seen: list[str] = []
        endpoint = answering(
            lambda request: (
                seen.append(request.headers.get("Authorization", ""))
                or ((200, "<ListBucketResult/>") if "eu-west-1" in seen[-1] else (400, MALFORMED))
            )
        )
        assert listed(open_datasource("s3://photos", {"endpoint": endpoint, **FAKE_KEYS})) == {}
        assert ["/us-east-1/" in seen[0], "/eu-west-1/" in seen[1], len(seen)] == [True, True, 2]

    def test_no_region_leads_to_another_host(self) -> None:
        with pytest.raises(InvalidConfig, match="region"):
            open_datasource("s3://photos", {**FAKE_KEYS, "region": "x.example.com/#"})

    def test_a_store_that_is_none(self, answering: Any) -> None:
        endpoint = answering(200, "<html><body>Welcome</body></html>")
        with pytest.raises(SourceUnavailable, match="no such store"):
            listed(open_datasource("s3://photos", {"endpoint": endpoint, **FAKE_KEYS}))

    def test_obs_needs_an_endpoint(self) -> None:
        with pytest.raises(InvalidConfig, match="needs an `endpoint`"):
            open_datasource("obs://photos", FAKE_KEYS)

    def test_obs_is_spoken_to_like_s3(self, s3_server: S3Server, bucket: str) -> None:
        datasource = open_datasource(bucket.replace("s3://", "obs://") + "/photos", s3_server.access)
        assert set(listed(datasource)) == {"a.jpg"}
        assert datasource.uri.startswith("obs://")


class TestRoles:
    def test_a_role_is_assumed_with_its_external_id(self, s3_server: S3Server, bucket: str) -> None:
        role = s3_server.role(LIST, READ, uri=bucket)
        access = {**s3_server.user("sts:AssumeRole"), "role_arn": role, "external_id": "id-1234567890"}
        with s3_server.enforcing():
            datasource = open_datasource(f"{bucket}/photos", access)
            assert datasource.read("a.jpg") == b"bytes of a"
            url = datasource.read_url("a.jpg", expires_s=60)
            assert url is not None
            assert "X-Amz-Security-Token=" in url
            with pytest.raises(SourceUnavailable, match="lack the right WRITE"):
                datasource.write("b.jpg", b"")

    def test_a_role_that_may_not_be_assumed_is_named(self, s3_server: S3Server, bucket: str) -> None:
        role = s3_server.role(LIST, uri=bucket)
        access = {**s3_server.user(LIST, uri=bucket), "role_arn": role}
        with s3_server.enforcing():
            error = failure_of(lambda: listed(open_datasource(bucket, access)))
        assert f"the role `{role}` may not be assumed" in error.message
        assert "external id" in error.hint
        assert access["secret_access_key"] not in all_text_of(error)

    def test_an_unknown_key_cannot_assume_it(self, s3_server: S3Server, bucket: str) -> None:
        access = {**s3_server.access, "access_key_id": "AKIANOBODY", "role_arn": s3_server.role(LIST, uri=bucket)}
        with s3_server.enforcing(), pytest.raises(SourceUnavailable, match="does not know the access key"):
            listed(open_datasource(bucket, access))

    def test_a_role_is_assumed_again_before_it_ends(self, answering: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        assumed: list[str] = []
        used: list[str] = []

        def answer(request: Any) -> tuple[int, str]:
            if request.command == "POST":
                assumed.append(request.text)
                # So short-lived that botocore renews it at once.
                return 200, ASSUMED.format(number=len(assumed), ends=soon())
            used.append(request.headers["X-Amz-Security-Token"])
            return 200, "<ListBucketResult/>"

        access = {**FAKE_KEYS, "endpoint": answering(answer), "role_arn": "arn:aws:iam::123456789012:role/reader"}
        datasource = open_datasource("s3://photos", {**access, "external_id": "an-external-id"})
        listed(datasource)
        listed(datasource)
        assert used == ["token-1", "token-2"]
        assert all("ExternalId=an-external-id" in text for text in assumed)


class TestUrls:
    def test_one_loads_the_object_and_holds_no_secret(self, s3_server: S3Server, bucket: str) -> None:
        access = s3_server.user(READ, uri=bucket)
        url = open_datasource(bucket, access).read_url("photos/a.jpg", expires_s=60)
        assert url is not None
        with urlopen(url) as answer:
            assert answer.read() == b"bytes of a"
        assert access["secret_access_key"] not in url

    @pytest.mark.parametrize("key", ["a.jpg", "ä b/#?%25+&='()*~-_.!@$,;:[].jpg"])
    @pytest.mark.parametrize("token", ["", "a-session/token+="])
    def test_one_is_signed_as_amazons_own_library_signs_it(self, s3_server: S3Server, key: str, token: str) -> None:
        import boto3
        from botocore.config import Config

        client = boto3.client(
            "s3",
            config=Config(signature_version="s3v4"),
            endpoint_url=s3_server.endpoint,
            region_name="eu-west-1",
            aws_access_key_id=FAKE_KEYS["access_key_id"],
            aws_secret_access_key=FAKE_KEYS["secret_access_key"],
            aws_session_token=token or None,
        )
        access = {**FAKE_KEYS, "session_token": token, "region": "eu-west-1", "endpoint": s3_server.endpoint}
        datasource = open_datasource("s3://photos/p", access)
        for _ in range(5):  # both name the second they were made in
            theirs = client.generate_presigned_url("get_object", {"Bucket": "photos", "Key": f"p/{key}"}, ExpiresIn=77)
            ours = datasource.read_url(key, expires_s=77)
            if ours == theirs:
                break
        assert ours == theirs

    def test_amazons_own_addresses(self) -> None:
        keys = {**FAKE_KEYS, "region": "eu-west-1"}
        hosts = {
            "s3://photos": "https://photos.s3.eu-west-1.amazonaws.com/a.jpg?",
            "s3://photos.example": "https://s3.eu-west-1.amazonaws.com/photos.example/a.jpg?",
            "s3://Photos": "https://s3.eu-west-1.amazonaws.com/Photos/a.jpg?",
        }
        for uri, start in hosts.items():
            url = open_datasource(uri, keys).read_url("a.jpg", expires_s=60)
            assert url is not None
            assert url.startswith(start)
        url = open_datasource("s3://photos", {**FAKE_KEYS, "region": "cn-north-1"}).read_url("a", expires_s=60)
        assert url is not None
        assert url.startswith("https://photos.s3.cn-north-1.amazonaws.com.cn/")

    def test_obs_has_the_bucket_in_the_name_of_the_host(self) -> None:
        access = {**FAKE_KEYS, "endpoint": "https://obs.eu-west-101.myhuaweicloud.eu"}
        url = open_datasource("obs://photos", access).read_url("a.jpg", expires_s=60)
        assert url is not None
        assert url.startswith("https://photos.obs.eu-west-101.myhuaweicloud.eu/a.jpg?")


class TestBucket:
    def test_one_that_knows_the_first_version_of_listings_alone_is_listed_whole(self, answering: Any) -> None:
        keys = sorted([".lightly/a", ".lightly/b", ".lightly/c", *(f"ä+{number}.jpg" for number in range(7))])

        def answer(request: Any) -> tuple[int, str]:
            after = parse_qs(urlsplit(request.path).query).get("marker", [""])[0]
            found = [key for key in keys if key > after]
            items = "".join(f"<Contents><Key>{quote(key)}</Key><Size>1</Size></Contents>" for key in found[:2])
            more = "true" if found[2:] else "false"
            return 200, (
                f"<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{more}</IsTruncated>{items}"
                f"</ListBucketResult>"
            )

        datasource = open_datasource("obs://photos", {"endpoint": answering(answer)})
        assert sorted(listed(datasource)) == keys
        assert sorted(listed(datasource, skip_hidden_root=True)) == keys[3:]

    def test_one_that_is_not_there(self, s3_server: S3Server) -> None:
        datasource = open_datasource("s3://no-such-bucket", s3_server.access)
        for act in (lambda: listed(datasource), lambda: datasource.read("a"), lambda: datasource.write("a", b"")):
            with pytest.raises(NotFound, match="There is no bucket `s3://no-such-bucket`"):
                act()
        assert datasource.why_not_writable() == "There is no bucket `s3://no-such-bucket`"
        assert datasource.check_rights().list == "There is no bucket `s3://no-such-bucket`"

    def test_one_that_vanishes(self, s3_server: S3Server) -> None:
        uri = s3_server.make_bucket()
        datasource = open_datasource(uri, s3_server.access)
        datasource.write("a.jpg", b"x")
        s3_server.remove_bucket(uri)
        with pytest.raises(NotFound, match="There is no bucket"):
            datasource.read("a.jpg")
        with pytest.raises(NotFound, match="There is no bucket"):
            listed(datasource)

    def test_a_kms_key_encrypts_what_is_written(self, s3_server: S3Server) -> None:
        uri = s3_server.make_bucket()
        key = f"arn:aws:kms:{REGION}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        open_datasource(uri, {**s3_server.access, "kms_key": key}).write("a.jpg", b"x")
        found = s3_server.client("s3").head_object(Bucket=uri.removeprefix("s3://"), Key="a.jpg")
        assert (found["ServerSideEncryption"], found["SSEKMSKeyId"]) == ("aws:kms", key)
        assert found["ContentType"] == "image/jpeg"


FAKE_KEYS = {"access_key_id": "AKIAFAKEFAKEFAKEFAKE", "secret_access_key": "fake-secret-fake-secret"}
MALFORMED = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>"
ASSUMED = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIA{number}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token-{number}</SessionToken>
<Expiration>{ends}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


def soon() -> str:
    from datetime import UTC, datetime, timedelta

    return (datetime.now(UTC) + timedelta(seconds=30)).strftime("%Y-%m-%dT%H:%M:%SZ")


def failure_of(act: Any) -> SwathError:
    with pytest.raises(SwathError) as caught:
        act()
    return caught.value


def all_text_of(error: BaseException) -> str:
    """All that a log could show of an error: its words, those of what led to it, and both tracebacks."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__) + repr(error.__cause__)
