import { Button, Group, SegmentedControl, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Download, ScrollText } from 'lucide-react';
import { useMemo, useState } from 'react';
import { isUnderWay, logQuery, type LogLine, type Run } from '@/api/queries/runs';
import { count, counted } from '@/model/format';
import { asText, atLeast, withText, type Level } from '@/model/log';
import { EmptyState } from '@/ui/EmptyState';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { saveText } from '@/ui/saveText';
import { LogLines } from './LogLines';

const NOTHING: readonly LogLine[] = [];

/** What a run says while it works. */
export function LogTab({ run }: { run: Run }) {
  const { data: lines = NOTHING, error, isPending } = useQuery(logQuery(run.id));
  const [level, setLevel] = useState<Level>('INFO');
  const [search, setSearch] = useState('');
  const shown = useMemo(() => withText(atLeast(lines, level), search), [lines, level, search]);
  if (error !== null) return <ProblemAlert error={error} />;
  if (lines.length === 0 && !isPending) {
    return (
      <EmptyState icon={ScrollText} title="Nothing is logged yet">
        {isUnderWay(run.state) ? 'Lines appear here as the run goes on.' : 'The run ended without a word.'}
      </EmptyState>
    );
  }
  return (
    <>
      <Group mb="sm" gap="sm">
        <SegmentedControl
          size="xs"
          aria-label="Lines shown"
          value={level}
          onChange={(value) => setLevel(value as Level)}
          data={[
            { value: 'INFO', label: 'All' },
            { value: 'WARNING', label: 'Warnings' },
            { value: 'ERROR', label: 'Errors' },
          ]}
        />
        <TextInput
          size="xs"
          w={220}
          aria-label="Search the log"
          placeholder="Search"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <Text size="sm" c="dimmed" flex={1}>
          {shown.length === lines.length
            ? counted(lines.length, 'line')
            : `${count(shown.length)} of ${counted(lines.length, 'line')}`}
        </Text>
        <Button
          size="xs"
          variant="default"
          leftSection={<Download size={14} />}
          onClick={() => saveText(`run-${run.id}.log`, asText(lines))}
        >
          Download
        </Button>
      </Group>
      <LogLines lines={shown} />
    </>
  );
}
