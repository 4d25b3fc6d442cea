import { ActionIcon, Menu } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Ellipsis, Pencil, Play, Trash2, Users } from 'lucide-react';
import { useState } from 'react';
import type { Dataset } from '@/api/queries/datasets';
import { DeleteDatasetDialog } from './DeleteDatasetDialog';
import { RenameDatasetDialog } from './RenameDatasetDialog';
import { ShareDatasetDialog } from './ShareDatasetDialog';

interface DatasetMenuProps {
  dataset: Dataset;
  /** Crops datasets that were cut from its images; none of a crops dataset. */
  crops: readonly Dataset[];
  onDeleted?: () => void;
}

/** What its owner can do with a dataset as a whole. */
export function DatasetMenu({ dataset, crops, onDeleted }: DatasetMenuProps) {
  const [dialog, setDialog] = useState<'rename' | 'share' | 'delete' | null>(null);
  const close = () => setDialog(null);
  return (
    <>
      <Menu position="bottom-end" shadow="md" width={190}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${dataset.name}`}>
            <Ellipsis size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {dataset.kind !== 'crops' && (
            <Menu.Item
              component={Link}
              to={`/d/${dataset.id}/run`}
              leftSection={<Play size={15} aria-hidden />}
            >
              New run
            </Menu.Item>
          )}
          <Menu.Item leftSection={<Pencil size={15} aria-hidden />} onClick={() => setDialog('rename')}>
            Rename
          </Menu.Item>
          {dataset.kind !== 'crops' && (
            <Menu.Item leftSection={<Users size={15} aria-hidden />} onClick={() => setDialog('share')}>
              Share
            </Menu.Item>
          )}
          <Menu.Divider />
          <Menu.Item
            color="red"
            leftSection={<Trash2 size={15} aria-hidden />}
            onClick={() => setDialog('delete')}
          >
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {dialog === 'rename' && <RenameDatasetDialog dataset={dataset} onClose={close} />}
      {dialog === 'share' && <ShareDatasetDialog dataset={dataset} onClose={close} />}
      {dialog === 'delete' && (
        <DeleteDatasetDialog dataset={dataset} crops={crops} onClose={close} onDeleted={onDeleted} />
      )}
    </>
  );
}
