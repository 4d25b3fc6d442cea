import { Group, Input, SegmentedControl, Slider, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Amount, MaybeNumber } from '@/model/runForm';
import { NumberField } from '@/ui/NumberField';

interface AmountFieldProps {
  amount: Amount;
  onChange: (amount: Amount) => void;
  /** How many there are to choose from, as far as is known. */
  available: number | null;
  /** What the amount means. */
  meaning: ReactNode;
  error?: string;
}

/** How many: a share or a count, by slider or typed. */
export function AmountField({ amount, onChange, available, meaning, error }: AmountFieldProps) {
  const isShare = amount.kind === 'share';
  const value = isShare ? amount.percent : amount.count;
  const most = isShare ? 100 : Math.max(available ?? 1000, 1);
  const set = (next: MaybeNumber) =>
    onChange(isShare ? { ...amount, percent: next } : { ...amount, count: next });
  return (
    <Input.Wrapper label="Amount" error={error}>
      <Group gap="md" wrap="nowrap" align="center" mt={4}>
        <SegmentedControl
          size="xs"
          aria-label="Unit of the amount"
          value={amount.kind}
          onChange={(kind) => onChange({ ...amount, kind: kind as Amount['kind'] })}
          data={[
            { value: 'share', label: 'Share' },
            { value: 'count', label: 'Count' },
          ]}
        />
        <Slider
          flex={1}
          min={isShare ? 0.5 : 1}
          max={most}
          step={isShare ? 0.5 : 1}
          value={value === '' ? 0 : Math.min(most, value)}
          onChange={set}
          label={null}
          thumbLabel={isShare ? 'Percent to select' : 'Number to select'}
        />
        <NumberField
          w={116}
          aria-label={isShare ? 'Percent' : 'Count'}
          value={value === '' ? null : value}
          onChange={(next) => set(next ?? '')}
          suffix={isShare ? ' %' : undefined}
          thousandSeparator={isShare ? undefined : ','}
          allowDecimal={isShare}
          error={error !== undefined}
        />
      </Group>
      <Text size="sm" c="dimmed" mt={6} component="div" aria-live="polite">
        {meaning}
      </Text>
    </Input.Wrapper>
  );
}
