import { ActionIcon, Group, Text, Tooltip } from '@mantine/core';
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { count } from '@/model/format';
import type { WalkSteps } from './useWalkSteps';

/** Where one is in a row of samples, and the ways on. */
export function WalkButtons({ steps }: { steps: WalkSteps }) {
  const back = steps.step(-1);
  const on = steps.step(1);
  return (
    <Group gap={4} wrap="nowrap">
      <Tooltip label="Before (←)">
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label="Sample before"
          disabled={back === null}
          onClick={() => back?.()}
        >
          <ChevronLeft size={17} />
        </ActionIcon>
      </Tooltip>
      <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums' }}>
        {count(steps.position + 1)} of {count(steps.total)}
      </Text>
      <Tooltip label="After (→)">
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label="Sample after"
          disabled={on === null}
          onClick={() => on?.()}
        >
          <ChevronRight size={17} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
