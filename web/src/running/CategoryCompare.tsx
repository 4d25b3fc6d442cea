import { Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { count, percent } from '@/model/format';
import classes from './CategoryCompare.module.css';

type Counts = Schemas['CategoryCounts'];

interface CategoryCompareProps {
  categories: Readonly<Record<string, Counts>>;
  /** Whether some samples counted as chosen before. */
  hasBefore: boolean;
}

/** How categories share what there was to choose from, and what was chosen: bars of shares, so that shifts stand out. */
export function CategoryCompare({ categories, hasBefore }: CategoryCompareProps) {
  const rows = Object.entries(categories).sort(([, a], [, b]) => b.available - a.available);
  const total = (of: keyof Counts) =>
    Math.max(
      1,
      rows.reduce((sum, [, counts]) => sum + counts[of], 0),
    );
  const available = total('available');
  const after = total('after');
  const largest = Math.max(
    ...rows.map(([, counts]) => Math.max(counts.available / available, counts.after / after)),
    0.0001,
  );
  if (rows.length === 0) return <Text c="dimmed">No categories are known here.</Text>;
  return (
    <table className={classes.table} aria-label="Categories before and after">
      <thead>
        <tr>
          <th>Category</th>
          <th>Share of all there was, and of what was chosen</th>
          <th data-number>There was</th>
          {hasBefore && <th data-number>Before</th>}
          <th data-number>{hasBefore ? 'After' : 'Chosen'}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, counts]) => (
          <tr key={name}>
            <td className={classes.name} title={name}>
              {name}
            </td>
            <td>
              <div
                className={classes.bars}
                role="img"
                aria-label={`${percent(counts.available / available, 1)} of all, ${percent(counts.after / after, 1)} of what was chosen`}
                title={`${percent(counts.available / available, 1)} of all, ${percent(counts.after / after, 1)} of what was chosen`}
              >
                <div
                  className={classes.bar}
                  style={{ width: wide(counts.available / available / largest) }}
                />
                <div
                  className={classes.bar}
                  data-after
                  style={{ width: wide(counts.after / after / largest) }}
                />
              </div>
            </td>
            <td data-number>{count(counts.available)}</td>
            {hasBefore && <td data-number>{count(counts.before)}</td>}
            <td data-number>{count(counts.after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const wide = (share: number): string => `${(share * 100).toFixed(1)}%`;
