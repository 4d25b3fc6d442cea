import { count } from '@/model/format';
import classes from './Bars.module.css';

export interface Bar {
  key: string;
  label: string;
  value: number;
  /** A CSS colour; left out: the accent. */
  color?: string;
}

interface BarsProps {
  bars: readonly Bar[];
  /** A value in words. */
  format?: (value: number) => string;
  /** What a bar does when it is clicked; left out: nothing. */
  onPick?: (bar: Bar) => void;
}

/** Named amounts as horizontal bars, each as long as its share of the largest. */
export function Bars({ bars, format = count, onPick }: BarsProps) {
  const largest = Math.max(0, ...bars.map((bar) => bar.value)) || 1;
  return (
    <div className={classes.bars}>
      {bars.map((bar) => {
        const body = (
          <>
            <span className={classes.label} title={bar.label}>
              {bar.label}
            </span>
            <span className={classes.track}>
              <span
                className={classes.fill}
                style={{ width: `${(bar.value / largest) * 100}%`, background: bar.color }}
              />
            </span>
            <span className={classes.value}>{format(bar.value)}</span>
          </>
        );
        return onPick === undefined ? (
          <div key={bar.key} className={classes.bar}>
            {body}
          </div>
        ) : (
          <button key={bar.key} type="button" className={classes.bar} onClick={() => onPick(bar)}>
            {body}
          </button>
        );
      })}
    </div>
  );
}
