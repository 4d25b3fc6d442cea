import { ActionIcon, Menu } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Download, Ellipsis, LayoutGrid, Merge, Pencil, Trash2, Wand2 } from 'lucide-react';
import type { DatasetDetails } from '@/api/queries/datasets';
import { deleteTag, INITIAL_TAG, type Tag } from '@/api/queries/tags';
import { notifyUndoable } from '@/acting/undoing';
import { samplesPath } from '@/model/kinds';
import { notifyProblem } from '@/ui/notify';

interface TagMenuProps {
  dataset: DatasetDetails;
  tag: Tag;
  onRename: () => void;
  onMerge: () => void;
}

/** What can be done with one tag. */
export function TagMenu({ dataset, tag, onRename, onMerge }: TagMenuProps) {
  const isInitial = tag.name === INITIAL_TAG;
  const params = { dataset: dataset.id };
  const remove = () => {
    deleteTag(dataset.id, tag).then(
      ({ operation_id }) => notifyUndoable(`${tag.name} deleted; its samples stay`, operation_id),
      notifyProblem,
    );
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`What to do with ${tag.name}`}>
          <Ellipsis size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<LayoutGrid size={15} />}
          renderRoot={(props) => (
            <Link
              {...props}
              to={samplesPath(dataset.kind)}
              params={params}
              search={isInitial ? {} : { q: { tags: { any_of: [tag.name] } } }}
            />
          )}
        >
          Open
        </Menu.Item>
        <Menu.Item
          leftSection={<Wand2 size={15} />}
          renderRoot={(props) => (
            <Link {...props} to="/d/$dataset/select" params={params} search={{ tag: tag.name }} />
          )}
        >
          Select from it
        </Menu.Item>
        <Menu.Item
          leftSection={<Download size={15} />}
          renderRoot={(props) => (
            <Link {...props} to="/d/$dataset/exports" params={params} search={{ tag: tag.name }} />
          )}
        >
          Export
        </Menu.Item>
        {!isInitial && (
          <>
            <Menu.Divider />
            <Menu.Item leftSection={<Pencil size={15} />} onClick={onRename}>
              Rename
            </Menu.Item>
            <Menu.Item leftSection={<Merge size={15} />} onClick={onMerge}>
              Merge
            </Menu.Item>
            <Menu.Item color="red" leftSection={<Trash2 size={15} />} onClick={remove}>
              Delete
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
