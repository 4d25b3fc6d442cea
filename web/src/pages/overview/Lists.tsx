import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { DatasetDetails } from '@/api/queries/datasets';
import { latestRunsQuery } from '@/api/queries/runs';
import { viewsQuery } from '@/api/queries/views';
import { count } from '@/model/format';
import { samplesPath } from '@/model/kinds';
import { kindWords } from '@/model/runs';
import { Bars } from '@/ui/Bars';
import { Panel } from '@/ui/Panel';
import { RelativeTime } from '@/ui/RelativeTime';
import { RunStateDot } from '@/ui/RunStateDot';
import classes from './Overview.module.css';
import { useOpenFiltered } from './useOpenFiltered';

export function LatestRuns({ dataset }: { dataset: DatasetDetails }) {
  const { data } = useQuery(latestRunsQuery(dataset.id));
  return (
    <Panel
      title="Latest runs"
      aside={
        <Link to="/runs" search={{ dataset: dataset.id }}>
          {data === undefined || data.total === 0 ? 'All' : `All ${count(data.total)}`}
        </Link>
      }
    >
      {data?.items.length === 0 && (
        <Text size="sm" c="dimmed">
          No run yet.
        </Text>
      )}
      {(data?.items ?? []).map((run) => (
        <Link key={run.id} to="/runs/$run" params={{ run: run.id }} className={classes.row}>
          <span className={classes.rowHead}>
            <span>{kindWords(run)}</span>
            <RunStateDot state={run.state} />
          </span>
          <small title={run.message}>{run.message}</small>
          <small>
            <RelativeTime time={run.finished_at ?? run.started_at ?? run.created_at} />
          </small>
        </Link>
      ))}
    </Panel>
  );
}

const SHOWN_TAGS = 8;

export function TagCounts({ dataset }: { dataset: DatasetDetails }) {
  const open = useOpenFiltered(dataset);
  const { tags } = dataset;
  return (
    <Panel
      title="Tags"
      aside={
        <Link to="/d/$dataset/tags" params={{ dataset: dataset.id }}>
          {tags.length > SHOWN_TAGS ? `All ${count(tags.length)}` : 'All'}
        </Link>
      }
    >
      <Bars
        bars={tags.slice(0, SHOWN_TAGS).map(({ id, name, size }) => ({ key: id, label: name, value: size }))}
        onPick={({ key }) => {
          const tag = tags.find(({ id }) => id === key);
          if (tag !== undefined) open({ tags: { all_of: [tag.name] } });
        }}
      />
      {tags.length === 0 && (
        <Text size="sm" c="dimmed">
          None yet. Pick samples and press t.
        </Text>
      )}
    </Panel>
  );
}

export function SavedViews({ dataset }: { dataset: DatasetDetails }) {
  const { data } = useQuery(viewsQuery(dataset.id));
  const navigate = useNavigate();
  const views = data?.items ?? [];
  if (views.length === 0) return null;
  return (
    <Panel
      title="Saved views"
      aside={
        <Link to="/d/$dataset/views" params={{ dataset: dataset.id }}>
          All
        </Link>
      }
    >
      <Bars
        bars={views.map(({ id, name, count: found }) => ({ key: id, label: name, value: found ?? 0 }))}
        onPick={({ key }) => {
          const view = views.find(({ id }) => id === key);
          if (view === undefined) return;
          const { filter, sort } = view.rule;
          const params = { dataset: dataset.id };
          void navigate({ to: samplesPath(dataset.kind), params, search: { q: filter, sort } });
        }}
      />
    </Panel>
  );
}
