import { ActionIcon, Button, Group, Menu, Tooltip } from '@mantine/core';
import { ArrowDownUp, ArrowDownWideNarrow, ArrowUpNarrowWide, Check } from 'lucide-react';
import { Fragment } from 'react';
import type { Sort } from '@/model/browsing';
import { isSortedBy, reversed, sortBy, sortOptions } from '@/model/sorting';
import { sortInWords } from '@/model/words';

interface SortMenuProps {
  kind: string;
  metadataKeys: readonly string[];
  sort: Sort | undefined;
  onChange: (sort: Sort | undefined) => void;
}

/** The order of samples, in words, to change it. */
export function SortMenu({ kind, metadataKeys, sort, onChange }: SortMenuProps) {
  const Direction = sort?.descending ? ArrowDownWideNarrow : ArrowUpNarrowWide;
  const words = capitalized(sortInWords(sort));
  return (
    <Group gap={2} wrap="nowrap">
      <Menu position="bottom-end" shadow="md">
        <Menu.Target>
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            leftSection={<ArrowDownUp size={14} />}
            aria-label={`Sort: ${words}`}
          >
            {words}
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah={420} style={{ overflowY: 'auto' }}>
          {sort?.key === 'distance' && <Menu.Label>Now by similarity to one sample</Menu.Label>}
          {sortOptions(kind, metadataKeys).map((option, at, all) => (
            <Fragment key={option.metadataKey === undefined ? option.key : `metadata ${option.metadataKey}`}>
              {option.group !== all[at - 1]?.group && <Menu.Label>{option.group}</Menu.Label>}
              <Menu.Item
                rightSection={isSortedBy(sort, option) ? <Check size={14} /> : undefined}
                onClick={() => onChange(sortBy(option))}
              >
                {option.label}
              </Menu.Item>
            </Fragment>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Tooltip label="The other way round">
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label="Reverse the order"
          onClick={() => onChange(reversed(sort))}
        >
          <Direction size={15} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
