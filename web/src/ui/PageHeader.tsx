import { Group, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

interface PageHeaderProps {
  title: ReactNode;
  /** One line below the title. */
  about?: ReactNode;
  /** Buttons at the right. */
  actions?: ReactNode;
}

/** The head of a page that is read from top to bottom. */
export function PageHeader({ title, about, actions }: PageHeaderProps) {
  return (
    <Group justify="space-between" align="flex-start" mb="lg" wrap="nowrap" gap="lg">
      <div style={{ minWidth: 0 }}>
        <Title order={1} fz={24} fw={650} style={{ overflowWrap: 'anywhere' }}>
          {title}
        </Title>
        {about !== undefined && (
          <Text c="dimmed" size="sm" mt={4} component="div">
            {about}
          </Text>
        )}
      </div>
      {actions !== undefined && (
        <Group gap="xs" wrap="nowrap">
          {actions}
        </Group>
      )}
    </Group>
  );
}
