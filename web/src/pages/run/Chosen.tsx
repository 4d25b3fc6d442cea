import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { datasetQuery } from '@/api/queries/datasets';
import type { RunResult, SelectionResult } from '@/api/queries/runs';
import { count } from '@/model/format';
import { LinkButton } from '@/ui/LinkButton';
import { Panel } from '@/ui/Panel';

export function isSelection(result: RunResult): result is SelectionResult {
  return 'dry_run' in result;
}

/** What a selection run chose: a tag, or of a dry run a stored selection. */
export function Chosen({ result }: { result: SelectionResult }) {
  const id = (result.crop_dataset ?? result.image_dataset)?.id ?? '';
  const { data: dataset } = useQuery({ ...datasetQuery(id), enabled: id !== '' });
  const tag = dataset?.tags.find(({ name }) => name === result.tag);
  if (dataset === undefined) return null;
  const to = dataset.kind === 'crops' ? '/d/$dataset/objects' : '/d/$dataset/images';
  const q =
    tag !== undefined
      ? { tags: { any_of: [tag.id] } }
      : result.selection_id
        ? { selection_id: result.selection_id }
        : null;
  return (
    <Panel title={result.dry_run ? 'What would be chosen' : 'Tag'}>
      <Group justify="space-between">
        <Text size="sm">
          {result.dry_run
            ? `${count(result.selected ?? 0)} of ${dataset.name}; nothing was kept`
            : `${result.tag ?? ''} · ${count(result.selected ?? 0)} of ${dataset.name}`}
        </Text>
        {q === null ? (
          <Text size="sm" c="dimmed">
            {result.tag ? 'The tag is gone or has another name' : ''}
          </Text>
        ) : (
          <LinkButton to={to} params={{ dataset: id }} search={{ q }} size="compact-sm" variant="light">
            Look at them
          </LinkButton>
        )}
      </Group>
    </Panel>
  );
}
