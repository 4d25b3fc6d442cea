import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { count } from '@/model/format';
import { rampColor } from '@/model/palette';
import { useScheme } from '@/ui/useScheme';
import { soloed, toggled, type ColumnKind, type LegendItem } from './columns';
import classes from './Legend.module.css';

/** From so many entries on there is a field to search them. */
const SEARCH_FROM = 12;

interface LegendProps {
  title: string;
  items: readonly LegendItem[];
  kind: ColumnKind;
  hidden: ReadonlySet<number>;
  onHidden: (hidden: ReadonlySet<number>) => void;
}

/** What the colours stand for, how many points have each, and which are shown. */
export function Legend({ title, items, kind, hidden, onHidden }: LegendProps) {
  const [text, setText] = useState('');
  // Steps of a scale that nothing is on would only fill the legend.
  const found = items
    .filter((item) => kind !== 'scale' || item.count > 0)
    .filter((item) => item.label.toLowerCase().includes(text.trim().toLowerCase()));
  const codes = items.map((item) => item.code);
  return (
    <section className={classes.legend} aria-label="Legend">
      <div className={classes.head}>
        <span>{title}</span>
        {hidden.size > 0 && (
          <button type="button" className={classes.all} onClick={() => onHidden(new Set())}>
            Show all
          </button>
        )}
      </div>
      {items.length >= SEARCH_FROM && (
        <TextInput
          size="xs"
          px={4}
          pb={4}
          placeholder="Find"
          aria-label="Find in the legend"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      )}
      <div className={classes.entries}>
        {found.map((item) => (
          <Entry
            key={item.code}
            item={item}
            isStep={kind === 'scale'}
            isShown={!hidden.has(item.code)}
            onToggle={() => onHidden(toggled(hidden, item.code))}
            onSolo={() => onHidden(soloed(hidden, item.code, codes))}
          />
        ))}
      </div>
    </section>
  );
}

interface EntryProps {
  item: LegendItem;
  isStep: boolean;
  isShown: boolean;
  onToggle: () => void;
  onSolo: () => void;
}

function Entry({ item, isStep, isShown, onToggle, onSolo }: EntryProps) {
  return (
    <div className={classes.entry}>
      <button
        type="button"
        className={classes.toggle}
        aria-pressed={isShown}
        title={`${item.label}: click hides, double click shows it alone`}
        onClick={onToggle}
        onDoubleClick={onSolo}
      >
        <span
          className={classes.swatch}
          data-step={isStep || undefined}
          style={{ borderColor: item.color, background: isShown ? item.color : 'transparent' }}
        />
        <span className={classes.label}>{item.label}</span>
        <span className={classes.count}>{count(item.count)}</span>
      </button>
      <button type="button" className={classes.only} aria-label={`Only ${item.label}`} onClick={onSolo}>
        Only
      </button>
    </div>
  );
}

/** The colours of densities. */
export function DensityLegend() {
  const scheme = useScheme();
  const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => rampColor(share, scheme));
  return (
    <section className={classes.legend} aria-label="Legend">
      <div className={classes.head}>
        <span>Density</span>
      </div>
      <div className={classes.ramp} style={{ background: `linear-gradient(90deg, ${stops.join(', ')})` }} />
      <div className={classes.ends}>
        <span>few</span>
        <span>many</span>
      </div>
    </section>
  );
}
