import { Stack, Text, Title } from '@mantine/core';
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

interface EmptyStateProps {
  icon: LucideIcon;
  title: string;
  /** Why there is nothing, and what to do about it. */
  children?: ReactNode;
  /** What leads on from here. */
  action?: ReactNode;
}

/** What stands where there is nothing to show. */
export function EmptyState({ icon: Icon, title, children, action }: EmptyStateProps) {
  return (
    <Stack align="center" gap="xs" py={72} px="md" ta="center">
      <Icon size={36} strokeWidth={1.3} color="var(--mantine-color-dimmed)" aria-hidden />
      <Title order={3} fz="lg" fw={600}>
        {title}
      </Title>
      {children !== undefined && (
        <Text c="dimmed" maw={460} size="sm" component="div">
          {children}
        </Text>
      )}
      {action !== undefined && <div style={{ marginTop: 8 }}>{action}</div>}
    </Stack>
  );
}
