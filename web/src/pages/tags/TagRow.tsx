import { Anchor, NativeSelect, Table, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { notifyUndoable } from '@/acting/undoing';
import type { DatasetDetails } from '@/api/queries/datasets';
import { INITIAL_TAG, renameTag, type Tag } from '@/api/queries/tags';
import { count, percent } from '@/model/format';
import { samplesPath } from '@/model/kinds';
import { colorOfId, MISSING_COLOR } from '@/model/palette';
import { assignQuickTag, digitOf, DIGITS, useQuickTags } from '@/model/quickTags';
import { ColorDot } from '@/ui/ColorDot';
import { NameField } from '@/ui/NameField';
import { notifyProblem } from '@/ui/notify';
import { RelativeTime } from '@/ui/RelativeTime';
import { useScheme } from '@/ui/useScheme';
import { TagMenu } from './TagMenu';
import classes from './TagTable.module.css';

interface TagRowProps {
  dataset: DatasetDetails;
  tag: Tag;
  depth: number;
  isRenamed: boolean;
  onRename: () => void;
  onRenamed: () => void;
  onMerge: () => void;
}

const INDENT = 22;

export function TagRow({ dataset, tag, depth, isRenamed, onRename, onRenamed, onMerge }: TagRowProps) {
  const scheme = useScheme();
  const isInitial = tag.name === INITIAL_TAG;
  const total = isInitial ? tag.size : dataset.sample_count;
  const rename = (name: string | null) => {
    onRenamed();
    if (name === null) return;
    renameTag(dataset.id, tag, name).then(
      ({ operation_id }) => notifyUndoable(`${tag.name} is called ${name} now`, operation_id),
      notifyProblem,
    );
  };
  return (
    <Table.Tr>
      <Table.Td>
        <div className={classes.name} style={{ paddingLeft: depth * INDENT }}>
          <ColorDot color={isInitial ? MISSING_COLOR[scheme] : colorOfId(tag.id, scheme)} />
          {isRenamed ? (
            <NameField label={`New name of ${tag.name}`} name={tag.name} onDone={rename} />
          ) : (
            <Anchor
              c="inherit"
              fw={500}
              size="sm"
              renderRoot={(props) => (
                <Link
                  {...props}
                  to={samplesPath(dataset.kind)}
                  params={{ dataset: dataset.id }}
                  search={isInitial ? {} : { q: { tags: { any_of: [tag.name] } } }}
                />
              )}
            >
              {tag.name}
            </Anchor>
          )}
        </div>
      </Table.Td>
      <Table.Td>
        <Size size={tag.size} total={total} />
      </Table.Td>
      <Table.Td>
        <Origin tag={tag} />
      </Table.Td>
      <Table.Td>
        <Text size="sm" c="dimmed">
          <RelativeTime time={tag.modified_at} />
        </Text>
      </Table.Td>
      <Table.Td>{!isInitial && <KeyChoice datasetId={dataset.id} tag={tag} />}</Table.Td>
      <Table.Td>
        <TagMenu dataset={dataset} tag={tag} onRename={onRename} onMerge={onMerge} />
      </Table.Td>
    </Table.Tr>
  );
}

function Size({ size, total }: { size: number; total: number }) {
  const share = total === 0 ? 0 : size / total;
  return (
    <div className={classes.size}>
      <span className={classes.track}>
        <span className={classes.fill} style={{ width: `${Math.min(1, share) * 100}%` }} />
      </span>
      {count(size)}
      <span className={classes.share}>{percent(share, share > 0 && share < 0.01 ? 1 : 0)}</span>
    </div>
  );
}

function Origin({ tag }: { tag: Tag }) {
  if (tag.name === INITIAL_TAG) {
    return (
      <Text size="sm" c="dimmed">
        everything in the dataset
      </Text>
    );
  }
  const { run_id } = tag;
  if (run_id === null) {
    return (
      <Text size="sm" c="dimmed">
        a person
      </Text>
    );
  }
  return (
    <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/runs/$run" params={{ run: run_id }} />}>
      run {run_id.slice(0, 8)}
    </Anchor>
  );
}

function KeyChoice({ datasetId, tag }: { datasetId: string; tag: Tag }) {
  const digit = digitOf(useQuickTags(datasetId), tag.id);
  return (
    <NativeSelect
      size="xs"
      w={58}
      aria-label={`Key of ${tag.name}`}
      value={digit ?? ''}
      data={[{ value: '', label: '–' }, ...DIGITS]}
      onChange={(event) => assignQuickTag(datasetId, tag.id, event.currentTarget.value || null)}
    />
  );
}
