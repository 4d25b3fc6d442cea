import { ActionIcon, Input, Select, Slider, Text } from '@mantine/core';
import { X } from 'lucide-react';
import { count, percent } from '@/model/format';
import { colorAt } from '@/model/palette';
import type { CategoryName } from '@/model/selectionInputs';
import { askedFor, leftForOthers, shareOf, type Target } from '@/model/targetShares';
import { ColorDot } from '@/ui/ColorDot';
import { RequiredNumber } from '@/ui/NumberField';
import { useScheme } from '@/ui/useScheme';
import classes from './Target.module.css';

interface TargetFieldsProps {
  target: Target;
  onChange: (target: Target) => void;
  /** The categories there are. */
  names: readonly CategoryName[];
  error?: string;
}

/** A share for each category, as percent; what they come to together is shown, and what is left for others. */
export function TargetFields({ target, onChange, names, error }: TargetFieldsProps) {
  const scheme = useScheme();
  const rows = Object.keys(target);
  const others = names.filter(({ name }) => !(name in target));
  return (
    <Input.Wrapper label="Share of each" labelElement="div" error={error}>
      <div className={classes.rows} role="group" aria-label="Share of each category">
        {rows.map((name) => {
          const known = names.find((one) => one.name === name);
          return (
            <TargetRow
              key={name}
              name={name}
              color={known?.id == null ? undefined : colorAt(known.id, scheme)}
              target={target}
              onChange={(share) => onChange({ ...target, [name]: share })}
              onRemove={
                rows.length > 1
                  ? () => onChange(Object.fromEntries(Object.entries(target).filter(([one]) => one !== name)))
                  : undefined
              }
            />
          );
        })}
      </div>
      <Text size="sm" c="dimmed" mt={6} aria-live="polite">
        {sumWords(target, others.length)}
      </Text>
      {others.length > 0 && (
        <Select
          mt={8}
          size="xs"
          maw={260}
          aria-label="Add a category"
          placeholder="Add a category"
          searchable
          value={null}
          onChange={(name) => name !== null && onChange({ ...target, [name]: leftForOthers(target) || 0.1 })}
          data={others.map(({ name, count: size }) => ({
            value: name,
            label: size === null ? name : `${name} · ${count(size)}`,
          }))}
        />
      )}
    </Input.Wrapper>
  );
}

interface TargetRowProps {
  name: string;
  color: string | undefined;
  target: Target;
  onChange: (share: number) => void;
  onRemove: (() => void) | undefined;
}

function TargetRow({ name, color, target, onChange, onRemove }: TargetRowProps) {
  const asked = (target[name] ?? 0) * 100;
  const set = (value: number) => onChange(Number((value / 100).toPrecision(12)));
  return (
    <div className={classes.row}>
      <span className={classes.name} title={name}>
        {color !== undefined && <ColorDot color={color} />} {name}
      </span>
      <Slider
        className={classes.slider}
        min={0}
        max={100}
        step={1}
        value={Math.min(100, asked)}
        onChange={set}
        label={null}
        thumbLabel={`Share of ${name}`}
      />
      <RequiredNumber
        size="xs"
        w={84}
        aria-label={`Share of ${name} in percent`}
        suffix=" %"
        decimalScale={2}
        hideControls
        value={Number(asked.toPrecision(6))}
        onChange={set}
      />
      <span className={classes.comesTo}>
        {askedFor(target) > 1 + 1e-9 ? `= ${percent(shareOf(target, name), 1)}` : ''}
      </span>
      {onRemove === undefined ? (
        <span />
      ) : (
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          aria-label={`No share for ${name}`}
          onClick={onRemove}
        >
          <X size={14} />
        </ActionIcon>
      )}
    </div>
  );
}

function sumWords(target: Target, others: number): string {
  const left = leftForOthers(target);
  const asked = askedFor(target);
  if (asked > 1 + 1e-9) return `Together ${percent(asked)}: each gets its part of that, as shown.`;
  if (left === 0 || others === 0) return 'Together all of it; other categories get nothing.';
  return `The other ${count(others)} share what is left, ${percent(left, left < 0.1 ? 1 : 0)}.`;
}
