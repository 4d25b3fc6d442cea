import { Anchor, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { PackageOpen } from 'lucide-react';
import { artifactsQuery, type Run, type RunResult } from '@/api/queries/runs';
import { bytes, count } from '@/model/format';
import { EmptyState } from '@/ui/EmptyState';
import { LinkButton } from '@/ui/LinkButton';
import { Panel } from '@/ui/Panel';
import { TextLink } from '@/ui/TextLink';
import { Chosen, isSelection } from './Chosen';
import classes from './OutputsTab.module.css';

/** What a run left: samples of datasets, a tag, files. */
export function OutputsTab({ run, result }: { run: Run; result: RunResult | undefined }) {
  const { data: artifacts } = useQuery(artifactsQuery(run.id));
  const files = artifacts?.items ?? [];
  const hasDatasets = result?.image_dataset != null || result?.crop_dataset != null;
  if (artifacts !== undefined && files.length === 0 && !hasDatasets) {
    return (
      <EmptyState icon={PackageOpen} title="Nothing was left">
        Datasets, tags and files of a run appear here once it is done.
      </EmptyState>
    );
  }
  return (
    <Stack gap="md">
      {result !== undefined && run.kind === 'object-level' && <Datasets run={run} result={result} />}
      {result !== undefined && isSelection(result) && <Chosen result={result} />}
      {run.kind === 'projection' && <MapLink run={run} />}
      {files.length > 0 && (
        <Panel title="Files">
          <div className={classes.rows}>
            {files.map(({ name, byte_length, path }) => (
              <div key={name} className={classes.row}>
                <Anchor href={path} download size="sm">
                  {name}
                </Anchor>
                <span className={classes.size}>{bytes(byte_length)}</span>
              </div>
            ))}
          </div>
        </Panel>
      )}
    </Stack>
  );
}

function Datasets({ run, result }: { run: Run; result: RunResult }) {
  const crops = result.crop_dataset ?? null;
  const images = result.image_dataset ?? null;
  const q = { runs: [run.id] };
  return (
    <Panel title="Datasets">
      <div className={classes.rows}>
        {crops !== null && (
          <div className={classes.row}>
            <DatasetWords {...crops} />
            <LinkButton
              to="/d/$dataset/objects"
              params={{ dataset: crops.id }}
              search={{ q }}
              size="compact-sm"
              variant="light"
            >
              Objects of this run
            </LinkButton>
          </div>
        )}
        {images !== null && (
          <div className={classes.row}>
            <DatasetWords {...images} />
            <LinkButton
              to="/d/$dataset/images"
              params={{ dataset: images.id }}
              search={{ q }}
              size="compact-sm"
              variant="light"
            >
              Images of this run
            </LinkButton>
          </div>
        )}
      </div>
    </Panel>
  );
}

function DatasetWords({
  id,
  name,
  samples,
  added,
}: {
  id: string;
  name: string;
  samples: number;
  added: number;
}) {
  return (
    <span>
      <TextLink to="/d/$dataset" params={{ dataset: id }} size="sm">
        {name}
      </TextLink>
      <Text span c="dimmed" size="sm">
        {' '}
        · {count(added)} added, {count(samples)} now
      </Text>
    </span>
  );
}

function MapLink({ run }: { run: Run }) {
  const { id, name } = run.crop_dataset ?? run.image_dataset;
  return (
    <Panel title="Map">
      <TextLink to="/d/$dataset/embedding" params={{ dataset: id }} size="sm">
        Embedding view of {name}
      </TextLink>
    </Panel>
  );
}
