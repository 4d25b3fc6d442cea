import { Button, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Redo2, Undo2 } from 'lucide-react';
import { operationsQuery, redoOperation, undoOperation, type Operation } from '@/api/queries/operations';
import { operationInWords } from '@/model/undo';
import { notifyProblem } from '@/ui/notify';
import { RelativeTime } from '@/ui/RelativeTime';
import classes from './History.module.css';

/** What one did to the tags, newest first, each to be taken back and done once more. The server remembers it. */
export function History({ datasetId }: { datasetId: string }) {
  const { data } = useQuery(operationsQuery(datasetId));
  if (data === undefined || data.items.length === 0) return null;
  return (
    <section aria-label="History" className={classes.history}>
      <Title order={2} fz="md" fw={600}>
        What you did
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        Ctrl Z takes back the last of it, also after a reload. The server keeps the last 100.
      </Text>
      <ul className={classes.list}>
        {data.items.map((operation) => (
          <Line key={operation.id} operation={operation} />
        ))}
      </ul>
    </section>
  );
}

function Line({ operation: { id, summary, is_undone, created_at } }: { operation: Operation }) {
  const turn = () => void (is_undone ? redoOperation(id) : undoOperation(id)).catch(notifyProblem);
  return (
    <li className={classes.line} data-undone={is_undone || undefined}>
      <span className={classes.summary}>{operationInWords(summary)}</span>
      <Text span size="xs" c="dimmed">
        {is_undone && 'undone · '}
        <RelativeTime time={created_at} />
      </Text>
      <Button
        size="compact-xs"
        variant="subtle"
        color="gray"
        leftSection={is_undone ? <Redo2 size={14} /> : <Undo2 size={14} />}
        onClick={turn}
      >
        {is_undone ? 'Redo' : 'Undo'}
      </Button>
    </li>
  );
}
