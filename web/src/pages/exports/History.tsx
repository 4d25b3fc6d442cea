import { ActionIcon, Anchor, Group, Loader, Skeleton, Table, Text, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CircleAlert, Download, Trash2 } from 'lucide-react';
import type { DatasetDetails } from '@/api/queries/datasets';
import { exportsQuery, useDeleteExport, type Export } from '@/api/queries/exports';
import { holdsFor, titleOf } from '@/model/exports';
import { bytes, count } from '@/model/format';
import { CopyButton } from '@/ui/CopyButton';
import { notifyProblem } from '@/ui/notify';
import { Panel } from '@/ui/Panel';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { RelativeTime } from '@/ui/RelativeTime';
import { useNow } from '@/ui/useNow';
import classes from './Exports.module.css';

/** All files that were made of a dataset, newest first. */
export function History({ dataset }: { dataset: DatasetDetails }) {
  const { data, error, refetch } = useQuery(exportsQuery(dataset.id));
  if (error !== null) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (data === undefined)
    return <Skeleton height={120} radius="lg" role="status" aria-label="Loading exports" />;
  return (
    <Panel title="Files">
      {data.items.length === 0 ? (
        <Text size="sm" c="dimmed">
          None yet. What you make appears here, to be downloaded or shared.
        </Text>
      ) : (
        <Table.ScrollContainer minWidth={720}>
          <Table fz={13} verticalSpacing={7}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>File</Table.Th>
                <Table.Th>Samples</Table.Th>
                <Table.Th>Size</Table.Th>
                <Table.Th>Made</Table.Th>
                <Table.Th>Link without login</Table.Th>
                <Table.Th aria-label="Actions" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.items.map((one) => (
                <Row key={one.id} one={one} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Panel>
  );
}

function Row({ one }: { one: Export }) {
  const deletion = useDeleteExport();
  return (
    <Table.Tr>
      <Table.Td>
        <FileCell one={one} />
      </Table.Td>
      <Table.Td className={classes.number}>{count(one.sample_count)}</Table.Td>
      <Table.Td className={classes.number}>{one.state === 'READY' ? bytes(one.byte_length) : ''}</Table.Td>
      <Table.Td>
        <RelativeTime time={one.finished_at ?? one.created_at} />
      </Table.Td>
      <Table.Td>
        <LinkCell one={one} />
      </Table.Td>
      <Table.Td>
        <Tooltip label="Delete the file">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Delete ${one.file_name}`}
            loading={deletion.isPending}
            onClick={() => deletion.mutate(one.id, { onError: notifyProblem })}
          >
            <Trash2 size={15} />
          </ActionIcon>
        </Tooltip>
      </Table.Td>
    </Table.Tr>
  );
}

function FileCell({ one }: { one: Export }) {
  const about = [titleOf(one.format), one.tag === null ? '' : `of tag ${one.tag}`];
  return (
    <>
      {one.state === 'READY' && one.file_url !== null ? (
        <Anchor href={one.file_url} download={one.file_name} inherit fw={500} className={classes.file}>
          <Download size={14} aria-hidden />
          {one.file_name}
        </Anchor>
      ) : (
        <Group gap={6} wrap="nowrap">
          {one.state === 'PENDING' ? <Loader size={12} /> : <CircleAlert size={14} aria-hidden />}
          <span>{one.file_name}</span>
        </Group>
      )}
      <Text size="xs" c="dimmed">
        {about.filter((part) => part !== '').join(' ')}
        {one.state === 'PENDING' && ', is being made'}
      </Text>
      {one.state === 'FAILED' && (
        <Text size="xs" c="red">
          Failed: {one.message}
        </Text>
      )}
    </>
  );
}

const A_MINUTE_MS = 60_000;

function LinkCell({ one }: { one: Export }) {
  const now = useNow(A_MINUTE_MS);
  if (one.state !== 'READY') return null;
  const isExpired = one.link_expires_at === null || one.link_expires_at <= now;
  if (one.link_url === null || one.link_expires_at === null || isExpired)
    return <Text size="xs">expired</Text>;
  return (
    <Group gap={4} wrap="nowrap">
      <CopyButton text={one.link_url} label={`Copy the link to ${one.file_name}`} />
      <Text size="xs" c="dimmed">
        works for {holdsFor(one.link_expires_at, now)}
      </Text>
    </Group>
  );
}
