import { Alert, Button, Group, Text } from '@mantine/core';
import { CircleAlert } from 'lucide-react';
import { ProblemError } from '@/api/client';
import { Worded } from './Worded';

interface ProblemAlertProps {
  error: unknown;
  onRetry?: () => void;
}

/** What went wrong, in the words of the server, with what to do about it. */
export function ProblemAlert({ error, onRetry }: ProblemAlertProps) {
  const problem = error instanceof ProblemError ? error.problem : null;
  const detail =
    problem?.detail || problem?.title || (error instanceof Error ? error.message : String(error));
  return (
    <Alert
      color="red"
      variant="light"
      icon={<CircleAlert size={18} />}
      title={problem?.title}
      role="alert"
      data-problem
    >
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        <Worded text={detail} />
      </Text>
      {problem?.hint && (
        <Text size="sm" c="dimmed" mt={4} style={{ overflowWrap: 'anywhere' }}>
          <Worded text={problem.hint} />
        </Text>
      )}
      {problem?.incident && (
        <Text size="xs" c="dimmed" mt={4}>
          Incident {problem.incident}: the server’s log says more.
        </Text>
      )}
      {onRetry !== undefined && (
        <Group mt="sm">
          <Button size="xs" variant="light" color="red" onClick={onRetry}>
            Try again
          </Button>
        </Group>
      )}
    </Alert>
  );
}
