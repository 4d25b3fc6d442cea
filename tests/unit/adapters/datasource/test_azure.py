"""Containers of Azure: who may do what, and what people hear who may not. The server checks signatures and rights."""

from __future__ import annotations

import base64
import traceback
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from tests.support.azure_server import ACCOUNT, ACCOUNT_KEY, AzureServer

from swath.adapters.datasource import open_datasource
from swath.core.errors import InvalidConfig, NotFound, SourceUnavailable, SwathError
from swath.pipeline.ports import Datasource, Rights
from swath.testing.datasource_contract import listed


@pytest.fixture
def container(azure_server: AzureServer) -> str:
    uri = azure_server.make_bucket()
    azure_server.put(uri, "photos/a.jpg", b"bytes of a")
    return uri


def with_sas(server: AzureServer, uri: str, permissions: str, **options: Any) -> Datasource:
    return open_datasource(f"{uri}/photos", {"sas_token": server.sas(uri, permissions, **options), **at(server)})


def at(server: AzureServer) -> dict[str, str]:
    return {"endpoint": server.endpoint}


class TestRights:
    def test_all_of_them_lack_nothing(self, azure_server: AzureServer, container: str) -> None:
        datasource = with_sas(azure_server, container, "rcwdl")
        assert datasource.check_rights() == Rights(list=None, read=None, write=None, overwrite=None)
        assert set(listed(datasource)) == {"a.jpg"}

    def test_without_list(self, azure_server: AzureServer, container: str) -> None:
        rights = with_sas(azure_server, container, "rcwd").check_rights()
        assert rights.list == f"`{container}` cannot be listed: the credentials lack the right LIST (`sp=l`)"
        assert (rights.read, rights.write, rights.overwrite) == (None, None, None)

    def test_without_read(self, azure_server: AzureServer, container: str) -> None:
        datasource = with_sas(azure_server, container, "cwdl")
        rights = datasource.check_rights()
        assert rights.read is not None
        assert rights.read.endswith("the credentials lack the right READ (`sp=r`)")
        assert (rights.list, rights.write, rights.overwrite) == (None, None, None)
        with pytest.raises(SourceUnavailable, match=r"`a\.jpg` .* READ"):
            datasource.read("a.jpg")

    def test_without_write(self, azure_server: AzureServer, container: str) -> None:
        datasource = with_sas(azure_server, container, "rl")
        rights = datasource.check_rights()
        assert (rights.list, rights.read) == (None, None)
        for reason in (rights.write, rights.overwrite, datasource.why_not_writable()):
            assert reason is not None
            assert "lack the right WRITE" in reason or "lack the right OVERWRITE" in reason
        with pytest.raises(SourceUnavailable, match=r"`b\.jpg` .* WRITE"):
            datasource.write("b.jpg", b"")

    def test_without_overwrite(self, azure_server: AzureServer, container: str) -> None:
        rights = with_sas(azure_server, container, "rcdl").check_rights()
        assert (rights.list, rights.read, rights.write) == (None, None, None)
        assert rights.overwrite is not None


class TestCredentials:
    def test_a_sas_with_its_question_mark_is_one_too(self, azure_server: AzureServer, container: str) -> None:
        sas = f" ?{azure_server.sas(container, 'rl')}\n"
        assert open_datasource(container, {"sas_token": sas, **at(azure_server)}).read("photos/a.jpg") == b"bytes of a"

    def test_a_sas_where_a_key_is_asked_for_is_taken_as_one(self, azure_server: AzureServer, container: str) -> None:
        access = {"account_name": ACCOUNT, "account_key": azure_server.sas(container, "rl"), **at(azure_server)}
        assert set(listed(open_datasource(container, access))) == {"photos/a.jpg"}

    def test_an_expired_sas_is_said_to_be(self, azure_server: AzureServer, container: str) -> None:
        datasource = with_sas(azure_server, container, "rcwdl", expires=timedelta(hours=-1))
        error = failure_of(lambda: datasource.read("a.jpg"))
        assert error.message.endswith("cannot be read: the shared access signature has expired")
        assert "sig=" not in all_text_of(error)

    def test_a_sas_that_was_changed(self, azure_server: AzureServer, container: str) -> None:
        sas = azure_server.sas(container, "r").replace("sp=r", "sp=rl")
        error = failure_of(lambda: listed(open_datasource(container, {"sas_token": sas, **at(azure_server)})))
        assert "does not accept the shared access signature" in error.message
        assert "sig=" not in all_text_of(error)

    def test_a_wrong_account_key(self, azure_server: AzureServer, container: str) -> None:
        key = base64.b64encode(b"another key").decode()
        access = {**azure_server.access, "account_key": key}
        error = failure_of(lambda: listed(open_datasource(container, access)))
        assert container in error.message
        assert "the store does not accept the account key" in error.message
        assert key not in all_text_of(error)

    def test_a_key_that_is_none(self) -> None:
        key = "-".join(("no", "base64"))
        with pytest.raises(InvalidConfig, match="base64") as caught:
            open_datasource("az://photos@account", {"account_key": key})
        assert key not in all_text_of(caught.value)

    def test_a_sas_that_is_none(self) -> None:
        with pytest.raises(InvalidConfig, match="no `sig`"):
            open_datasource("az://photos@account", {"sas_token": "sv=2021-12-02&sp=rl"})

    def test_an_open_container_needs_none(self, azure_server: AzureServer) -> None:
        uri = azure_server.make_bucket(public=True)
        azure_server.put(uri, "a.jpg", b"open")
        datasource = open_datasource(uri, at(azure_server))
        assert set(listed(datasource)) == {"a.jpg"}
        assert datasource.read("a.jpg") == b"open"
        assert (
            datasource.read_url("a.jpg", expires_s=60) == f"{azure_server.endpoint}/{uri[5:].partition('@')[0]}/a.jpg"
        )
        assert datasource.why_not_writable() is not None

    def test_a_closed_container_is_not_open(self, azure_server: AzureServer, container: str) -> None:
        with pytest.raises(SourceUnavailable, match=r"not open to everybody"):
            listed(open_datasource(container, at(azure_server)))

    def test_the_account_comes_from_the_place_or_the_access(self, azure_server: AzureServer, container: str) -> None:
        assert set(listed(open_datasource(container.partition("@")[0], azure_server.access))) == {"photos/a.jpg"}
        with pytest.raises(InvalidConfig, match="of which account"):
            open_datasource("az://photos", {})
        with pytest.raises(InvalidConfig, match="another account than `two`"):
            open_datasource("az://photos@one", {"account_name": "two"})

    @pytest.mark.parametrize("form", ["variables", "connection string"])
    def test_the_machine_s_own(
        self, azure_server: AzureServer, container: str, form: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if form == "variables":
            monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT)
            monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", ACCOUNT_KEY)
            monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", azure_server.endpoint)
        else:
            monkeypatch.setenv(
                "AZURE_STORAGE_CONNECTION_STRING",
                f"AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};BlobEndpoint={azure_server.endpoint};",
            )
        assert set(listed(open_datasource(container))) == {"photos/a.jpg"}
        assert set(listed(open_datasource(container.partition("@")[0]))) == {"photos/a.jpg"}
        with pytest.raises(SourceUnavailable):
            listed(open_datasource(container, at(azure_server)))


class TestUrls:
    def test_one_is_for_one_blob_and_refused_when_changed(self, azure_server: AzureServer, container: str) -> None:
        azure_server.put(container, "photos/b.jpg", b"bytes of b")
        url = open_datasource(f"{container}/photos", azure_server.access).read_url("a.jpg", expires_s=60)
        assert url is not None
        with urlopen(url) as answer:
            assert answer.read() == b"bytes of a"
        for changed in (url.replace("a.jpg", "b.jpg"), url.replace("sig=", "sig=A"), url.replace("sp=r", "sp=rd")):
            with pytest.raises(HTTPError) as caught:
                urlopen(changed)
            assert caught.value.code == 403
            caught.value.close()

    def test_an_expired_one_is_refused(self, azure_server: AzureServer, container: str) -> None:
        url = open_datasource(container, azure_server.access).read_url("photos/a.jpg", expires_s=-60)
        assert url is not None
        with pytest.raises(HTTPError) as caught:
            urlopen(url)
        assert caught.value.code == 403
        caught.value.close()

    def test_a_sas_is_given_to_nobody(self, azure_server: AzureServer, container: str) -> None:
        assert with_sas(azure_server, container, "r").read_url("a.jpg", expires_s=60) is None


class TestContainer:
    def test_one_that_is_not_there(self, azure_server: AzureServer) -> None:
        uri = f"az://no-such-container@{ACCOUNT}"
        datasource = open_datasource(uri, azure_server.access)
        for act in (lambda: listed(datasource), lambda: datasource.read("a"), lambda: datasource.stat("a")):
            with pytest.raises(NotFound, match=f"There is no bucket `{uri}`"):
                act()

    def test_many_folders_are_not_walked_one_by_one(self, azure_server: AzureServer, container: str) -> None:
        for number in range(105):
            azure_server.put(container, f"{number:03d}/a.jpg")
        azure_server.put(container, ".lightly/a.json")
        datasource = open_datasource(container, azure_server.access)
        assert len(listed(datasource, skip_hidden_root=True)) == 106
        assert len(listed(datasource)) == 107


def test_folders_of_a_hierarchical_namespace_are_no_files(answering: Any) -> None:
    blob = "<Blob><Name>{}</Name><Properties><Content-Length>{}</Content-Length>{}</Properties></Blob>"
    folder = blob.format("sub", 0, "<ResourceType>directory</ResourceType>")
    odd = blob.format("x", 3, "").replace("<Name>x", '<Name Encoded="true">a%EF%BF%BEb')
    blobs = f"<Blobs>{folder}{blob.format('sub/a.jpg', 3, '')}{odd}</Blobs>"
    body = f"<EnumerationResults>{blobs}<NextMarker/></EnumerationResults>"
    datasource = open_datasource("az://photos@account", {"endpoint": answering(200, f"\ufeff{body}")})
    assert set(listed(datasource)) == {"sub/a.jpg", "a\ufffeb"}


def failure_of(act: Any) -> SwathError:
    with pytest.raises(SwathError) as caught:
        act()
    return caught.value


def all_text_of(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__) + repr(error.__cause__)
