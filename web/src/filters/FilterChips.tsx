import { Button, CloseButton } from '@mantine/core';
import type { DatasetDetails } from '@/api/queries/datasets';
import { tidied, type Filter } from '@/model/browsing';
import { filterLines, namesIn, withoutLine } from '@/model/words';
import classes from './filters.module.css';

interface FilterChipsProps {
  dataset: DatasetDetails;
  filter: Filter | undefined;
  onChange: (filter: Filter | undefined) => void;
}

/** What the filter asks for in words, each with a way to drop it. */
export function FilterChips({ dataset, filter, onChange }: FilterChipsProps) {
  const lines = filter === undefined ? [] : filterLines(filter, namesIn(dataset));
  if (filter === undefined || lines.length === 0) return null;
  return (
    <div className={classes.chips} role="group" aria-label="Active filters">
      {lines.map((line) => (
        <span key={line.text} className={classes.chip}>
          <span className={classes.chipText} title={line.text}>
            {line.text}
          </span>
          <CloseButton
            size="xs"
            radius="xl"
            aria-label={`Remove ${line.text}`}
            onClick={() => onChange(tidied(withoutLine(filter, line)))}
          />
        </span>
      ))}
      <Button size="compact-xs" variant="subtle" color="gray" onClick={() => onChange(undefined)}>
        Clear all
      </Button>
    </div>
  );
}
