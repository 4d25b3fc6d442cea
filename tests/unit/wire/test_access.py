from __future__ import annotations

import pytest
from pydantic import ValidationError

from swath.core.access import Scope
from swath.wire.access import (
    DatasetCreate,
    DatasourceChange,
    LoginRequest,
    NewToken,
    TokenCreate,
    TokenDocument,
)

TOKEN = {
    "id": "a" * 24,
    "user_id": "b" * 24,
    "user": "anna",
    "name": "ci",
    "scope": "read-only",
    "kind": "token",
    "created_at": 1,
    "last_used_at": None,
    "expires_at": None,
    "revoked_at": None,
}


def test_no_document_shows_a_secret_where_it_is_only_printed() -> None:
    documents = [
        NewToken.model_validate({**TOKEN, "secret": "swath_hush"}),
        LoginRequest(code="hush"),
        DatasourceChange(location="/data", credentials={"key": "hush"}, output_credentials={"key": "hush"}),
    ]
    for document in documents:
        assert "hush" not in repr(document) + str(document)
        assert "hush" in document.model_dump_json()


def test_a_token_in_a_list_has_no_place_for_a_secret() -> None:
    assert TokenDocument.model_validate(TOKEN).scope is Scope.READ_ONLY
    with pytest.raises(ValidationError, match="secret"):
        TokenDocument.model_validate({**TOKEN, "secret": "swath_hush"})


def test_a_token_is_a_members_unless_somebody_says_otherwise() -> None:
    made = TokenCreate(name="ci")
    assert (made.scope, made.user, made.expires_at) == (Scope.MEMBER, None, None)
    with pytest.raises(ValidationError, match="scope"):
        TokenCreate.model_validate({"name": "ci", "scope": "admin"})


def test_a_datasource_is_named_or_left_out_never_empty() -> None:
    assert DatasetCreate(name="vehicles").datasource is None
    with pytest.raises(ValidationError, match="datasource"):
        DatasetCreate(name="vehicles", datasource="")


@pytest.mark.parametrize("credentials", [{"": "x"}, {"k": "x" * 16_385}, {f"k{i}": "x" for i in range(33)}, {"k": 1}])
def test_credentials_are_a_few_short_texts(credentials: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="credentials"):
        DatasourceChange.model_validate({"location": "/data", "credentials": credentials})
