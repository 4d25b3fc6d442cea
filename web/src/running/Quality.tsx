import { Stack, Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { count, counted, percent } from '@/model/format';
import {
  figuresOf,
  qualityInWords,
  targetGroups,
  targetsInWords,
  type Figure,
  type TargetRow,
} from '@/model/quality';
import { LongList } from '@/ui/LongList';
import classes from './Quality.module.css';

/** How good a selection is beside random ones, and whether the shares of a balance were reached. */
export function Quality({ quality }: { quality: Schemas['SelectionQuality'] }) {
  const figures = figuresOf(quality);
  const targets = targetGroups(quality);
  const words = qualityInWords(quality);
  return (
    <Stack gap="md">
      {words !== '' && <Text size="sm">{words}</Text>}
      {figures.length > 0 && (
        <div className={classes.figures}>
          {figures.map((figure) => (
            <FigureBars key={figure.name} figure={figure} />
          ))}
        </div>
      )}
      {targets.map((rows, at) => (
        <Targets key={at} rows={rows} />
      ))}
      {figures.length > 0 && (
        <Text size="xs" c="dimmed">
          Distances are those of {counted(quality.measured_on, 'vector')} of what there was to choose from.
        </Text>
      )}
    </Stack>
  );
}

/** One figure of the selection above that of random ones. */
function FigureBars({ figure }: { figure: Figure }) {
  const { name, about, selected, random, most, isBetter, format } = figure;
  return (
    <div className={classes.figure}>
      <div className={classes.name}>
        {name}
        <span>{isBetter === 'lower' ? 'lower is better' : 'higher is better'}</span>
      </div>
      <dl className={classes.pair}>
        <dt>selected</dt>
        <dd>
          <Bar share={selected / most} isOwn />
          <span className={classes.value}>{format(selected)}</span>
        </dd>
        <dt>random</dt>
        <dd>
          <Bar share={random / most} />
          <span className={classes.value}>{format(random)}</span>
        </dd>
      </dl>
      <Text size="xs" c="dimmed">
        {about}
      </Text>
    </div>
  );
}

function Bar({ share, isOwn }: { share: number; isOwn?: boolean }) {
  return (
    <span className={classes.track} aria-hidden>
      <span
        className={classes.bar}
        data-own={isOwn}
        style={{ width: `${(Math.min(1, share) * 100).toFixed(1)}%` }}
      />
    </span>
  );
}

/** What a balance wanted, as a mark, and what came of it, as a bar. */
function Targets({ rows }: { rows: readonly TargetRow[] }) {
  const most = Math.max(...rows.map(({ wanted, reached }) => Math.max(wanted, reached))) || 1;
  return (
    <div>
      <Text size="sm" mb={6}>
        {targetsInWords(rows)}
      </Text>
      <LongList rows={rows} most={10} what="shares">
        {(shown) => (
          <table className={classes.targets} aria-label="Shares wanted and reached">
            <thead>
              <tr>
                <th>Category</th>
                <th>Reached, and the mark of what was wanted</th>
                <th data-number>Wanted</th>
                <th data-number>Reached</th>
                <th data-number>There was</th>
              </tr>
            </thead>
            <tbody>
              {shown.map(({ category, wanted, reached, available, isReached }) => (
                <tr key={category} data-missed={!isReached || undefined}>
                  <td className={classes.category} title={category}>
                    {category}
                  </td>
                  <td aria-hidden>
                    <span className={classes.track}>
                      <span className={classes.bar} data-own style={{ width: wide(reached / most) }} />
                      <span className={classes.mark} style={{ left: wide(wanted / most) }} />
                    </span>
                  </td>
                  <td data-number>{percent(wanted, 1)}</td>
                  <td data-number>{percent(reached, 1)}</td>
                  <td data-number>{count(Math.round(available))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </LongList>
    </div>
  );
}

const wide = (share: number): string => `${(share * 100).toFixed(1)}%`;
