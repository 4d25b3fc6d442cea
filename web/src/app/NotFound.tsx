import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { MapPinOff } from 'lucide-react';
import { EmptyState } from '@/ui/EmptyState';

export function NotFound() {
  return (
    <EmptyState
      icon={MapPinOff}
      title="There is no such page"
      action={
        <Button component={Link} to="/" variant="light">
          All datasets
        </Button>
      }
    >
      The address leads nowhere. It may have been cut off when it was copied.
    </EmptyState>
  );
}
