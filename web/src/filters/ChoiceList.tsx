import { Button, Checkbox, TextInput } from '@mantine/core';
import { useState } from 'react';
import { count } from '@/model/format';
import classes from './filters.module.css';

export interface Choice {
  key: string;
  label: string;
  count: number;
  isChosen: boolean;
  /** A CSS colour. */
  color?: string;
}

interface ChoiceListProps {
  choices: readonly Choice[];
  onToggle: (key: string) => void;
  /** What is listed, in the plural. */
  what: string;
}

const MOST_AT_FIRST = 8;

/** Values to choose any of, with how many samples each would show. */
export function ChoiceList({ choices, onToggle, what }: ChoiceListProps) {
  const [isWhole, setWhole] = useState(false);
  const [wanted, setWanted] = useState('');
  const found = choices.filter(({ label }) => label.toLowerCase().includes(wanted.trim().toLowerCase()));
  const isLong = choices.length > MOST_AT_FIRST + 2;
  const isCut = isLong && !isWhole && wanted === '';
  const shown = isCut ? found.filter((choice, at) => at < MOST_AT_FIRST || choice.isChosen) : found;
  return (
    <>
      {isLong && (
        <TextInput
          size="xs"
          mb={6}
          placeholder={`Find among ${count(choices.length)} ${what}`}
          aria-label={`Find among ${what}`}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
      )}
      <div className={isWhole ? classes.longList : undefined}>
        {shown.map((choice) => (
          <label key={choice.key} className={classes.choice} data-none={choice.count === 0 || undefined}>
            <Checkbox
              size="xs"
              checked={choice.isChosen}
              onChange={() => onToggle(choice.key)}
              aria-label={`${choice.label}, ${count(choice.count)}`}
            />
            {choice.color !== undefined && (
              <span className={classes.dot} style={{ background: choice.color }} aria-hidden />
            )}
            <span className={classes.choiceName} title={choice.label}>
              {choice.label}
            </span>
            <span className={classes.choiceCount}>{count(choice.count)}</span>
          </label>
        ))}
      </div>
      {shown.length === 0 && <span className={classes.nothing}>None is called so</span>}
      {isLong && wanted === '' && (
        <Button size="compact-xs" variant="subtle" color="gray" mt={2} onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Show fewer' : `Show all ${count(choices.length)}`}
        </Button>
      )}
    </>
  );
}
