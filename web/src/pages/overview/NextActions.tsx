import { Alert, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Boxes, ChartScatter, Download, Images, Play, Shapes, type LucideIcon } from 'lucide-react';
import type { DatasetFamily } from '@/api/queries/datasets';
import { latestRunsQuery } from '@/api/queries/runs';
import { isUnderWay } from '@/api/queries/runs';
import { workersQuery } from '@/api/queries/workers';
import { Panel } from '@/ui/Panel';
import classes from './Overview.module.css';

interface NextActionsProps {
  family: DatasetFamily;
  isMine: boolean;
}

/** What makes sense to do next with a dataset that is as this one is. */
export function NextActions({ family, isMine }: NextActionsProps) {
  const { dataset } = family;
  const { data: workers } = useQuery(workersQuery);
  const { data: runs } = useQuery(latestRunsQuery(dataset.id));
  const running = runs?.items.find(({ state }) => isUnderWay(state));
  const hasNoWorker = workers !== undefined && workers.items.every(({ state }) => state === 'offline');
  const isEmpty = dataset.sample_count === 0;
  return (
    <Panel title="Next">
      <Stack gap={6}>
        {running !== undefined && (
          <Link to="/runs/$run" params={{ run: running.id }} className={classes.action} data-first>
            <Play size={16} aria-hidden />
            <span>
              Watch the run
              <small>{running.progress === null ? 'It waits for its turn' : 'It is under way'}</small>
            </span>
          </Link>
        )}
        {isEmpty ? (
          <EmptyActions family={family} isMine={isMine} isRunning={running !== undefined} />
        ) : (
          <FullActions family={family} isMine={isMine} />
        )}
        {hasNoWorker && (
          <Alert color="yellow" variant="light" p="xs" mt={4}>
            No worker is online, so runs wait.{' '}
            <Link to="/workers" className={classes.quiet}>
              Start one
            </Link>
          </Alert>
        )}
      </Stack>
    </Panel>
  );
}

function EmptyActions({ family, isMine, isRunning }: NextActionsProps & { isRunning: boolean }) {
  if (isRunning) return null;
  if (!isMine) return <p className={classes.note}>It is empty until its owner starts a run on it.</p>;
  return (
    <Action
      to="/d/$dataset/run"
      dataset={family.images.id}
      icon={Play}
      title="Start the first run"
      about="It cuts out the objects and selects among them. Until then nothing is here."
      isFirst
    />
  );
}

function FullActions({ family: { dataset, images, currentCrops }, isMine }: NextActionsProps) {
  const isCrops = dataset.kind === 'crops';
  return (
    <>
      {currentCrops !== null && (
        <Action
          to="/d/$dataset/objects"
          dataset={currentCrops.id}
          icon={Boxes}
          title="Look at the objects"
          about="Filter, tag, compare"
          isFirst={isCrops}
        />
      )}
      {!isCrops && (
        <Action
          to="/d/$dataset/images"
          dataset={images.id}
          icon={Images}
          title="Look at the images"
          about="With their boxes"
        />
      )}
      <Action
        to="/d/$dataset/embedding"
        dataset={dataset.id}
        icon={ChartScatter}
        title="See the embedding"
        about="What looks alike lies together"
      />
      <Action
        to="/d/$dataset/exports"
        dataset={dataset.id}
        icon={Download}
        title="Export for labelling"
        about="Label Studio, COCO, YOLO and more"
      />
      {isMine && (
        <>
          <Action
            to="/d/$dataset/select"
            dataset={dataset.id}
            icon={Shapes}
            title="Select again"
            about="A smaller, diverse set as a tag"
          />
          <Action
            to="/d/$dataset/run"
            dataset={images.id}
            icon={Play}
            title="New run"
            about="Add objects from the datasource"
          />
        </>
      )}
    </>
  );
}

interface ActionProps {
  to:
    | '/d/$dataset/objects'
    | '/d/$dataset/images'
    | '/d/$dataset/embedding'
    | '/d/$dataset/exports'
    | '/d/$dataset/select'
    | '/d/$dataset/run';
  dataset: string;
  icon: LucideIcon;
  title: string;
  about: string;
  isFirst?: boolean;
}

function Action({ to, dataset, icon: Icon, title, about, isFirst }: ActionProps) {
  return (
    <Link to={to} params={{ dataset }} className={classes.action} data-first={isFirst || undefined}>
      <Icon size={16} aria-hidden />
      <span>
        {title}
        <small>{about}</small>
      </span>
    </Link>
  );
}
