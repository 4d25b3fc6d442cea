import { UnstyledButton } from '@mantine/core';
import { useId } from 'react';
import { presetOf, type Preset } from '@/model/presets';
import { strategiesOf, type Strategy, type StrategyItem } from '@/model/strategies';
import classes from './Strategies.module.css';

interface PresetsProps {
  presets: readonly Preset[];
  items: readonly StrategyItem[];
  onChoose: (strategies: readonly Strategy[]) => void;
}

/** What people want of a selection; each fills the list of strategies. */
export function Presets({ presets, items, onChoose }: PresetsProps) {
  const id = useId();
  const current = presetOf(strategiesOf(items), presets);
  return (
    <div>
      <div className={classes.label} id={id}>
        What for
      </div>
      <div className={classes.presets} role="group" aria-labelledby={id}>
        {presets.map((preset) => (
          <UnstyledButton
            key={preset.id}
            className={classes.preset}
            aria-pressed={preset === current}
            onClick={() => onChoose(preset.strategies)}
          >
            <span className={classes.presetTitle}>{preset.title}</span>
            <span className={classes.presetAbout}>{preset.about}</span>
          </UnstyledButton>
        ))}
      </div>
    </div>
  );
}
