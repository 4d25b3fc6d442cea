import { ActionIcon, Menu, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { Link, useNavigate, useRouter } from '@tanstack/react-router';
import { Code, Ellipsis, LayoutGrid, Link2, Pencil, Trash2, Wand2 } from 'lucide-react';
import type { DatasetDetails } from '@/api/queries/datasets';
import { storeSelection } from '@/api/queries/selections';
import { deleteView, type View } from '@/api/queries/views';
import { samplesPath } from '@/model/kinds';
import { searchOf } from '@/model/views';
import { copyText } from '@/ui/copyText';
import { notifyDone, notifyProblem } from '@/ui/notify';

interface ViewMenuProps {
  dataset: DatasetDetails;
  view: View;
  onRename: () => void;
  onPython: () => void;
}

/** What can be done with one view. */
export function ViewMenu({ dataset, view, onRename, onPython }: ViewMenuProps) {
  const navigate = useNavigate();
  const router = useRouter();
  const params = { dataset: dataset.id };
  const place = { to: samplesPath(dataset.kind), params, search: searchOf(view) };
  const copyLink = async () => {
    const address = window.location.origin + router.buildLocation(place).href;
    notifyDone((await copyText(address)) ? 'Link copied' : `The link: ${address}`);
  };
  const select = () => {
    storeSelection(dataset.id, { all_of: [{ view_id: view.id }], except_ids: [] })
      .then(({ id }) => navigate({ to: '/d/$dataset/select', params, search: { sel: id } }))
      .catch(notifyProblem);
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`What to do with ${view.name}`}>
          <Ellipsis size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<LayoutGrid size={15} />}
          renderRoot={(props) => <Link {...props} {...place} />}
        >
          Open
        </Menu.Item>
        {view.problem == null && (
          <Menu.Item leftSection={<Wand2 size={15} />} onClick={select}>
            Select from it
          </Menu.Item>
        )}
        <Menu.Item leftSection={<Link2 size={15} />} onClick={() => void copyLink()}>
          Copy link
        </Menu.Item>
        <Menu.Item leftSection={<Code size={15} />} onClick={onPython}>
          Copy as Python
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<Pencil size={15} />} onClick={onRename}>
          Rename
        </Menu.Item>
        <Menu.Item color="red" leftSection={<Trash2 size={15} />} onClick={() => confirmDeletion(view)}>
          Delete
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function confirmDeletion(view: View): void {
  modals.openConfirmModal({
    title: `Delete view ${view.name}?`,
    children: <Text size="sm">Everybody who sees the dataset loses it. This cannot be undone.</Text>,
    labels: { confirm: 'Delete', cancel: 'Keep' },
    confirmProps: { color: 'red' },
    onConfirm: () => {
      deleteView(view.id).then(() => notifyDone(`View ${view.name} deleted`), notifyProblem);
    },
  });
}
