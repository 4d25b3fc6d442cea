import type { ReactNode } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import { CopyButton } from '@/ui/CopyButton';
import { Panel } from '@/ui/Panel';
import classes from './Overview.module.css';

/** Where the files are, and what made the vectors. */
export function Place({ dataset }: { dataset: DatasetDetails }) {
  const { input_uri, output_uri, embedder } = dataset;
  return (
    <Panel title="Where it comes from">
      <dl className={classes.places}>
        <Line label="Images">{input_uri === '' ? 'No datasource yet' : <Copied text={input_uri} />}</Line>
        {output_uri !== '' && output_uri !== input_uri && (
          <Line label="Crops go to">
            <Copied text={output_uri} />
          </Line>
        )}
        <Line label="Embeddings">
          {embedder === null ? 'None yet' : `${embedder.name}, ${embedder.dimension} numbers each`}
        </Line>
        <Line label="Id">
          <Copied text={dataset.id} />
        </Line>
      </dl>
    </Panel>
  );
}

function Line({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Copied({ text }: { text: string }) {
  return (
    <span className={classes.copied}>
      <code>{text}</code>
      <CopyButton text={text} />
    </span>
  );
}
