"""Views: rules by which people look at a dataset, saved under a name for everybody who sees it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy.engine import Connection

from swath.core.access import Principal
from swath.core.errors import NotFound, SwathError
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.looking import visible_dataset
from swath.server.selectors import resolve_selector
from swath.server.services import Services
from swath.store import views
from swath.store.datasets import Dataset, dataset_by_id
from swath.store.sharing import sees_dataset
from swath.store.views import View
from swath.wire.browsing import Selector, SelectorPart
from swath.wire.views import NewView, ViewDocument, ViewList, ViewRule

router = APIRouter(tags=["views"])

WithCount = Annotated[bool, Query(description="count the samples that pass now")]


@router.get("/datasets/{dataset}/views", response_model=ViewList)
def list_views(services: ServicesDep, principal: Reader, dataset: str, count: WithCount = False) -> ViewList:
    """The views of a dataset by name."""
    found = visible_dataset(services, principal, dataset)
    with services.store.reading() as connection:
        saved = views.list_views(connection, found.id)
    documents = [_document(view) for view in saved]
    if count:
        documents = [_counted(services, principal, found, document) for document in documents]
    return ViewList(items=tuple(documents), total=len(documents))


@router.post("/datasets/{dataset}/views", status_code=201, response_model=ViewDocument)
def create_view(services: ServicesDep, principal: Member, dataset: str, request: NewView) -> ViewDocument:
    """Save a rule under a name."""
    found = visible_dataset(services, principal, dataset)
    with services.store.writing() as connection:
        view = views.create_view(
            connection, dataset_id=found.id, user_id=principal.user_id, name=request.name, rule=_json(request.rule)
        )
    services.events.publish("view", id=view.id, dataset_id=found.id)
    return _document(view)


@router.get("/views/{view}", response_model=ViewDocument)
def get_view(services: ServicesDep, principal: Reader, view: str, count: WithCount = False) -> ViewDocument:
    """One view."""
    with services.store.reading() as connection:
        found = _visible_view(connection, principal, view)
        dataset = dataset_by_id(connection, found.dataset_id)
    document = _document(found)
    if count and dataset is not None:
        document = _counted(services, principal, dataset, document)
    return document


@router.put("/views/{view}", response_model=ViewDocument)
def replace_view(services: ServicesDep, principal: Member, view: str, request: NewView) -> ViewDocument:
    """Give a view another name and rule."""
    with services.store.writing() as connection:
        found = _visible_view(connection, principal, view)
        changed = views.replace_view(connection, found, name=request.name, rule=_json(request.rule))
    services.events.publish("view", id=changed.id, dataset_id=changed.dataset_id)
    return _document(changed)


@router.delete("/views/{view}", status_code=204)
def delete_view(services: ServicesDep, principal: Member, view: str) -> Response:
    """Remove a view."""
    with services.store.writing() as connection:
        found = _visible_view(connection, principal, view)
        views.delete_view(connection, found)
    services.events.publish("view", id=found.id, dataset_id=found.dataset_id)
    return Response(status_code=204)


def _visible_view(connection: Connection, principal: Principal, view_id: str) -> View:
    """Raises NotFound, in the same words for one that is not there and one that is hidden."""
    view = views.find_view(connection, view_id)
    if not sees_dataset(connection, view.dataset_id, principal.user_id):
        raise NotFound(f"there is no view `{view_id}`")
    return view


def _json(rule: ViewRule) -> str:
    return rule.model_dump_json(exclude_defaults=True)


def _document(view: View) -> ViewDocument:
    return ViewDocument(
        id=view.id,
        dataset_id=view.dataset_id,
        name=view.name,
        rule=ViewRule.model_validate_json(view.rule),
        user_id=view.user_id,
        user_name=view.user_name,
        created_at=view.created_at,
        modified_at=view.modified_at,
    )


def _counted(services: Services, principal: Principal, dataset: Dataset, document: ViewDocument) -> ViewDocument:
    """The view with its count, or with the reason why its rule finds nothing: what it names may be gone."""
    selector = Selector(all_of=(SelectorPart(filter=document.rule.filter),))
    try:
        count = len(resolve_selector(services, principal, dataset, selector))
    except SwathError as exc:
        return document.model_copy(update={"problem": exc.message})
    return document.model_copy(update={"count": count})
