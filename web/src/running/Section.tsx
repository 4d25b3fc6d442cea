import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Panel } from '@/ui/Panel';

interface SectionProps {
  title: string;
  about?: ReactNode;
  children: ReactNode;
}

/** One part of a form, with what it is about. */
export function Section({ title, about, children }: SectionProps) {
  return (
    <Panel title={title}>
      <Stack gap="md">
        {about !== undefined && (
          <Text size="sm" c="dimmed" mt={-8} component="div">
            {about}
          </Text>
        )}
        {children}
      </Stack>
    </Panel>
  );
}
