import { Text } from '@mantine/core';
import { count, percent } from '@/model/format';
import type { CategoryRow } from '@/model/quality';
import { LongList } from '@/ui/LongList';
import classes from './CategoryCompare.module.css';

interface CategoryCompareProps {
  rows: readonly CategoryRow[];
}

type Part = 'available' | 'after' | 'random';

/**
 * How categories share what there was to choose from, what was chosen, and what a random choice would have: bars of
 * shares, so that shifts stand out.
 */
export function CategoryCompare({ rows }: CategoryCompareProps) {
  if (rows.length === 0) return <Text c="dimmed">No categories are known here.</Text>;
  const hasBefore = rows.some(({ before }) => before > 0);
  const hasRandom = rows.some(({ random }) => random !== null);
  const parts: Part[] = hasRandom ? ['available', 'after', 'random'] : ['available', 'after'];
  const totals = Object.fromEntries(
    parts.map((part) => [part, rows.reduce((sum, row) => sum + (row[part] ?? 0), 0) || 1]),
  );
  const shareOf = (row: CategoryRow, part: Part) => (row[part] ?? 0) / (totals[part] ?? 1);
  const largest = Math.max(0.0001, ...rows.flatMap((row) => parts.map((part) => shareOf(row, part))));
  return (
    <>
      <div className={classes.legend}>
        {parts.map((part) => (
          <span key={part}>
            <i className={classes.bar} data-part={part} aria-hidden /> {WORDS[part]}
          </span>
        ))}
      </div>
      <LongList rows={rows} most={12} what="categories">
        {(shown) => (
          <table className={classes.table} aria-label="Categories before and after">
            <thead>
              <tr>
                <th>Category</th>
                <th>Shares</th>
                <th data-number>There was</th>
                {hasBefore && <th data-number>Before</th>}
                <th data-number>{hasBefore ? 'After' : 'Chosen'}</th>
                {hasRandom && <th data-number>Random</th>}
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => {
                const words = parts
                  .map((part) => `${percent(shareOf(row, part), 1)} ${WORDS[part]}`)
                  .join(', ');
                return (
                  <tr key={row.name}>
                    <td className={classes.name} title={row.name}>
                      {row.name}
                    </td>
                    <td>
                      <div className={classes.bars} role="img" aria-label={words} title={words}>
                        {parts.map((part) => (
                          <div
                            key={part}
                            className={classes.bar}
                            data-part={part}
                            style={{ width: `${((shareOf(row, part) / largest) * 100).toFixed(1)}%` }}
                          />
                        ))}
                      </div>
                    </td>
                    <td data-number>{count(row.available)}</td>
                    {hasBefore && <td data-number>{count(row.before)}</td>}
                    <td data-number>{count(row.after)}</td>
                    {hasRandom && <td data-number>{row.random === null ? '' : row.random.toFixed(1)}</td>}
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
      </LongList>
    </>
  );
}

const WORDS: Record<Part, string> = {
  available: 'of all there was',
  after: 'of what was chosen',
  random: 'of a random choice',
};
