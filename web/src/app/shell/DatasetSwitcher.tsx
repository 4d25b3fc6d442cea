import { Menu, ScrollArea, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Boxes, ChevronsUpDown, Images } from 'lucide-react';
import { useState } from 'react';
import { datasetsQuery } from '@/api/queries/datasets';
import { count } from '@/model/format';
import classes from './DatasetSwitcher.module.css';

/** The dataset that is looked at, and a way to another one. */
export function DatasetSwitcher({ current }: { current: string | undefined }) {
  const { data } = useQuery(datasetsQuery);
  const [search, setSearch] = useState('');
  const datasets = data?.items ?? [];
  const shown = datasets.find(({ id, name }) => id === current || name === current);
  const found = datasets.filter(({ name }) => name.toLowerCase().includes(search.trim().toLowerCase()));
  if (datasets.length === 0) return null;
  return (
    <Menu position="bottom-start" width={320} onClose={() => setSearch('')} shadow="md">
      <Menu.Target>
        <UnstyledButton className={classes.target}>
          <span className={classes.name}>
            {shown?.name ?? (current === undefined ? 'Choose a dataset' : '…')}
          </span>
          <ChevronsUpDown size={14} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <TextInput
          size="xs"
          m={4}
          placeholder="Find a dataset"
          aria-label="Find a dataset"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          data-autofocus
        />
        <ScrollArea.Autosize mah={360} type="auto">
          {found.map((dataset) => (
            <Menu.Item
              key={dataset.id}
              component={Link}
              to={`/d/${dataset.id}`}
              leftSection={dataset.kind === 'crops' ? <Boxes size={15} /> : <Images size={15} />}
              rightSection={
                <Text size="xs" c="dimmed">
                  {count(dataset.sample_count)}
                </Text>
              }
            >
              <span className={classes.item}>{dataset.name}</span>
            </Menu.Item>
          ))}
          {found.length === 0 && (
            <Text size="sm" c="dimmed" p="xs">
              No dataset is called so.
            </Text>
          )}
        </ScrollArea.Autosize>
      </Menu.Dropdown>
    </Menu>
  );
}
