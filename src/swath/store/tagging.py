"""What people do to tags: each function is one operation, kept in the log and undone as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict
from swath.store import tags
from swath.store.bitmaps import bitmap_of
from swath.store.operations import Operation, Recorder
from swath.store.tags import Members, Tag
from swath.wire.tags import TagExpression


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """Who changes tags of which dataset, in a writing transaction."""

    connection: Connection
    dataset_id: str
    user_id: str

    def recorder(self) -> Recorder:
        return Recorder(self.connection, dataset_id=self.dataset_id, user_id=self.user_id)

    def find(self, name_or_id: str) -> Tag:
        return tags.find_tag(self.connection, self.dataset_id, name_or_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """What became of tags. `changed`: samples added or removed by name of the tag; `operation` None: nothing."""

    tags: tuple[Tag, ...]
    changed: dict[str, int]
    operation: Operation | None


def create_tag(
    editor: Editor, *, name: str, members: Members, parent: str = tags.INITIAL_TAG, run_id: str | None = None
) -> tuple[Tag, Operation]:
    """Make a tag of samples, as a child of `parent`. Raises InvalidConfig or Conflict for its name, NotFound."""
    recorder = editor.recorder()
    tag = _make(editor, recorder, name, members, parent=parent, run_id=run_id)
    return tag, _recorded(recorder, f"made tag `{name}` of {_samples(tag.member_count)}")


def change_tag(
    editor: Editor,
    name_or_id: str,
    *,
    name: str | None = None,
    members: NDArray[np.integer] | None = None,
    expected_revision: int | None = None,
) -> tuple[Tag, Operation | None]:
    """Give a tag another name, other members, or both. Raises Conflict if it was changed since the revision."""
    recorder = editor.recorder()
    tag = editor.find(name_or_id)
    recorder.will_change([tag.id])
    before = tag.name
    done: list[str] = []
    revision = tag.revision if expected_revision is None else expected_revision
    if members is not None:
        tag = tags.set_tag_members(editor.connection, tag, members, expected_revision=revision)
        revision = tag.revision
        done.append(f"set tag `{before}` to {_samples(tag.member_count)}")
    if name is not None:
        tag = tags.rename_tag(editor.connection, tag, name, expected_revision=revision)
        done.append(f"renamed tag `{before}` to `{name}`")
    return tag, recorder.record(" and ".join(done))


def delete_tag(editor: Editor, name_or_id: str, *, expected_revision: int | None = None) -> Operation:
    """Remove a tag, never its samples. Raises Conflict if it was changed since the revision."""
    recorder = editor.recorder()
    tag = editor.find(name_or_id)
    _delete(editor, recorder, tag, expected_revision=expected_revision)
    return _recorded(recorder, f"deleted tag `{tag.name}` of {_samples(tag.member_count)}")


def apply_tags(
    editor: Editor,
    members: NDArray[np.integer],
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    expected_revisions: Mapping[str, int] | None = None,
) -> Tagged:
    """Add samples (M,) to some tags, making those that are not there, and remove them from others.

    Raises NotFound for a tag to remove from that is not there, Conflict for `initial-tag` and for a tag that was
    changed since the revision expected of it.
    """
    recorder = editor.recorder()
    changed: dict[str, int] = {}
    there = {name for tag in tags.list_tags(editor.connection, editor.dataset_id) for name in (tag.name, tag.id)}
    expected = dict(expected_revisions or {})
    result: list[Tag] = []
    phrases: list[str] = []
    for name in dict.fromkeys(add):
        if name in there:
            tag, count = _change_members(editor, recorder, name, members, adding=True, expected=expected)
        else:
            _refuse_expectation(name, expected)
            tag = _make(editor, recorder, name, members)
            count = tag.member_count
        result.append(tag)
        changed[tag.name] = count
        phrases.append(f"added {_samples(count)} to `{tag.name}`")
    for name in dict.fromkeys(remove):
        tag, count = _change_members(editor, recorder, name, members, adding=False, expected=expected)
        result.append(tag)
        changed[tag.name] = count
        phrases.append(f"removed {_samples(count)} from `{tag.name}`")
    return Tagged(tags=tuple(result), changed=changed, operation=recorder.record(", ".join(phrases)))


def combine_tags(editor: Editor, *, name: str, expression: TagExpression) -> tuple[Tag, Operation]:
    """Make a tag by set algebra on others. Raises NotFound for one that is not there, Conflict for a taken name."""
    recorder = editor.recorder()
    tag = _make(editor, recorder, name, evaluate(editor, expression))
    return tag, _recorded(recorder, f"combined tags into `{name}` of {_samples(tag.member_count)}")


def merge_tags(editor: Editor, *, into: str, sources: Sequence[str]) -> tuple[Tag, Operation | None]:
    """Put the samples of some tags into one (made if it is not there) and delete the others."""
    recorder = editor.recorder()
    doomed = {tag.id: tag for tag in (editor.find(name) for name in sources)}
    union = BitMap()
    for tag in doomed.values():
        if tag.is_initial:
            raise Conflict(f"`{tags.INITIAL_TAG}` holds all samples of its dataset and cannot be merged into another")
        union |= tags.tag_bitmap(editor.connection, tag)
    there = {name: tag for tag in tags.list_tags(editor.connection, editor.dataset_id) for name in (tag.id, tag.name)}
    target = there.get(into)
    if target is not None:
        doomed.pop(target.id, None)
        recorder.will_change([target.id])
        union |= tags.tag_bitmap(editor.connection, target)
        target = tags.set_tag_members(editor.connection, target, union, expected_revision=target.revision)
    names = ", ".join(f"`{tag.name}`" for tag in doomed.values())
    if target is None:
        target = _make(editor, recorder, into, union)
    for tag in doomed.values():
        _delete(editor, recorder, editor.find(tag.id))
    return editor.find(target.id), recorder.record(f"merged {names} into `{target.name}`")


def evaluate(editor: Editor, expression: TagExpression) -> BitMap:
    """The samples an expression stands for. Raises NotFound for a tag that is not there."""
    if expression.tag is not None:
        return tags.tag_bitmap(editor.connection, editor.find(expression.tag))
    sets = [evaluate(editor, operand) for operand in expression.operands]
    if expression.all_of is not None:
        return BitMap.intersection(*sets)
    if expression.any_of is not None:
        return BitMap.union(*sets)
    if expression.none_of is not None:
        return tags.everything(editor.connection, editor.dataset_id) - BitMap.union(*sets)
    return BitMap.difference(*sets)


def _make(
    editor: Editor,
    recorder: Recorder,
    name: str,
    members: Members,
    *,
    parent: str = tags.INITIAL_TAG,
    run_id: str | None = None,
) -> Tag:
    tag = tags.create_tag(
        editor.connection, editor.dataset_id, name=name, members=members, parent=parent, run_id=run_id
    )
    recorder.was_made(tag.id)
    return tag


def _delete(editor: Editor, recorder: Recorder, tag: Tag, *, expected_revision: int | None = None) -> None:
    children = tags.children_of(editor.connection, tag)
    recorder.will_change([tag.id, *(child.id for child in children)])
    tags.delete_tag(editor.connection, tag, expected_revision=expected_revision)


def _change_members(
    editor: Editor,
    recorder: Recorder,
    name: str,
    members: NDArray[np.integer],
    *,
    adding: bool,
    expected: Mapping[str, int],
) -> tuple[Tag, int]:
    """The tag after the change, and by how many samples it changed; one that stays the same keeps its revision."""
    tag = editor.find(name)
    if tag.is_initial:
        raise Conflict(
            f"`{tags.INITIAL_TAG}` always holds all samples of its dataset: nothing can be "
            f"{'added to' if adding else 'removed from'} it"
        )
    revision = expected.get(name, tag.revision)
    tags.check_revision(tag, revision)
    before = tags.tag_bitmap(editor.connection, tag)
    asked = bitmap_of(members)
    after = before | asked if adding else before - asked
    if after == before:
        return tag, 0
    recorder.will_change([tag.id])
    changed = tags.set_tag_members(editor.connection, tag, after, expected_revision=revision)
    return changed, abs(len(after) - len(before))


def _refuse_expectation(name: str, expected: Mapping[str, int]) -> None:
    if name in expected:
        raise Conflict(f"tag `{name}` was deleted by somebody else", hint="Load the tags again and repeat the change.")


def _recorded(recorder: Recorder, summary: str) -> Operation:
    operation = recorder.record(summary)
    if operation is None:
        raise AssertionError(f"an operation that makes or deletes a tag changed nothing: {summary}")
    return operation


def _samples(count: int) -> str:
    return f"{count:,} sample{'' if count == 1 else 's'}"
