import { ActionIcon, Button, Divider, Loader, Popover, Tooltip } from '@mantine/core';
import { modals } from '@mantine/modals';
import { ChevronDown, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useDeleteProjection, type Projection } from '@/api/queries/projections';
import { ago, count, counted } from '@/model/format';
import { notifyProblem } from '@/ui/notify';
import { METHOD_NAMES } from '@/model/mapMethods';
import { parametersInWords } from './methods';
import { NewMapDialog } from './NewMapDialog';
import classes from './Embedding.module.css';

interface ProjectionPickerProps {
  datasetId: string;
  projections: readonly Projection[];
  current: Projection | undefined;
  onPick: (projection: string) => void;
}

/** Which map one looks at, and how another is made. */
export function ProjectionPicker({ datasetId, projections, current, onPick }: ProjectionPickerProps) {
  const [isOpen, setOpen] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const pick = (projection: string) => {
    setOpen(false);
    setAsking(false);
    onPick(projection);
  };
  const label = current === undefined ? 'No map' : `${METHOD_NAMES[current.method]} map`;
  return (
    <>
      <Popover opened={isOpen} onChange={setOpen} position="bottom-start" width={320} shadow="md" trapFocus>
        <Popover.Target>
          <Button
            size="xs"
            variant="default"
            rightSection={<ChevronDown size={14} />}
            aria-label={`${label}: choose a map`}
            onClick={() => setOpen(!isOpen)}
          >
            {label}
          </Button>
        </Popover.Target>
        <Popover.Dropdown p={6}>
          <div className={classes.maps}>
            {projections.map((projection) => (
              <MapRow
                key={projection.id}
                projection={projection}
                isCurrent={projection.id === current?.id}
                onPick={() => pick(projection.id)}
              />
            ))}
          </div>
          <Divider my={6} />
          <Button
            size="xs"
            variant="subtle"
            fullWidth
            justify="flex-start"
            leftSection={<Plus size={14} />}
            onClick={() => {
              setOpen(false);
              setAsking(true);
            }}
          >
            New map
          </Button>
        </Popover.Dropdown>
      </Popover>
      {isAsking && (
        <NewMapDialog
          datasetId={datasetId}
          existing={projections}
          onClose={() => setAsking(false)}
          onMade={pick}
        />
      )}
    </>
  );
}

interface MapRowProps {
  projection: Projection;
  isCurrent: boolean;
  onPick: () => void;
}

function MapRow({ projection, isCurrent, onPick }: MapRowProps) {
  const name = METHOD_NAMES[projection.method];
  return (
    <div className={classes.mapRow} data-current={isCurrent || undefined}>
      <button
        type="button"
        className={classes.mapPick}
        aria-current={isCurrent || undefined}
        onClick={onPick}
      >
        <b>{name}</b>
        <Standing projection={projection} />
      </button>
      {projection.state === 'PENDING' && <Loader size={14} aria-label="Being made" mr={8} />}
      {projection.method !== 'pca' && <DeleteMap projection={projection} />}
    </div>
  );
}

function Standing({ projection }: { projection: Projection }) {
  if (projection.state === 'FAILED') return <small data-failed>{projection.message || 'Failed'}</small>;
  if (projection.state === 'PENDING') return <small>Being made</small>;
  const { point_count: points, sample_count: samples } = projection;
  const words = [
    points === samples ? counted(points, 'point') : `${count(points)} of ${count(samples)} on it`,
    parametersInWords(projection.parameters),
    ago(projection.modified_at),
  ];
  return <small>{words.filter((word) => word !== '').join(' · ')}</small>;
}

function DeleteMap({ projection }: { projection: Projection }) {
  const remove = useDeleteProjection(projection.dataset_id);
  const name = METHOD_NAMES[projection.method];
  const ask = () =>
    modals.openConfirmModal({
      title: `Delete the ${name} map?`,
      children: 'Objects and tags stay. The map can be made again.',
      labels: { confirm: 'Delete', cancel: 'Keep' },
      confirmProps: { color: 'red' },
      onConfirm: () => remove.mutate(projection.id, { onError: notifyProblem }),
    });
  return (
    <Tooltip label={`Delete the ${name} map`}>
      <ActionIcon variant="subtle" color="gray" mr={4} aria-label={`Delete the ${name} map`} onClick={ask}>
        <Trash2 size={14} />
      </ActionIcon>
    </Tooltip>
  );
}
