import { Table } from '@mantine/core';
import { useState } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import type { Tag } from '@/api/queries/tags';
import { tagTree } from '@/model/tagTree';
import { unitOf } from '@/model/kinds';
import { TagRow } from './TagRow';
import classes from './TagTable.module.css';

interface TagTableProps {
  dataset: DatasetDetails;
  tags: readonly Tag[];
  onMerge: (tag: Tag) => void;
}

/** All tags, each below the one it was made from. */
export function TagTable({ dataset, tags, onMerge }: TagTableProps) {
  const [renamed, setRenamed] = useState<string | null>(null);
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table className={classes.table} verticalSpacing={6} highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Tag</Table.Th>
            <Table.Th>{dataset.kind === 'crops' ? 'Objects' : 'Images'}</Table.Th>
            <Table.Th>From</Table.Th>
            <Table.Th>Changed</Table.Th>
            <Table.Th title={`Puts the ${unitOf(dataset.kind)}s that are picked into the tag`}>Key</Table.Th>
            <Table.Th aria-label="Actions" />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tagTree(tags).map(({ tag, depth }) => (
            <TagRow
              key={tag.id}
              dataset={dataset}
              tag={tag}
              depth={depth}
              isRenamed={renamed === tag.id}
              onRename={() => setRenamed(tag.id)}
              onRenamed={() => setRenamed(null)}
              onMerge={() => onMerge(tag)}
            />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
