import { ActionIcon, Group, Slider, Switch, Text, Tooltip } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ListFilter } from 'lucide-react';
import { useCallback, useState } from 'react';
import { SaveView } from '@/acting/SaveView';
import { facetsQuery } from '@/api/queries/samples';
import { FileNameSearch } from '@/filters/FileNameSearch';
import { SortMenu } from '@/filters/SortMenu';
import { isEmptyFilter, LARGEST_TILE, SMALLEST_TILE } from '@/model/browsing';
import { changed } from '@/model/filters';
import { count, counted } from '@/model/format';
import type { SampleBrowserProps } from './SampleBrowser';
import classes from './SampleBrowser.module.css';

interface BrowserToolbarProps extends SampleBrowserProps {
  tile: number;
  areFacetsOpen: boolean;
  onFacets: () => void;
}

/** How many there are, and how to look at them. */
export function BrowserToolbar({
  dataset,
  search,
  tile,
  onSearch,
  areFacetsOpen,
  onFacets,
}: BrowserToolbarProps) {
  const isCrops = dataset.kind === 'crops';
  const { data: all } = useQuery(facetsQuery(dataset.id, undefined));
  const { q } = search;
  const fileName = q?.file_name ?? '';
  const onFileName = useCallback(
    (name: string) =>
      onSearch({ q: changed(q, { file_name: name === '' ? null : name }) }, { isNext: fileName === '' }),
    [onSearch, q, fileName],
  );
  return (
    <div className={classes.toolbar} role="toolbar" aria-label="How to look at it">
      <Tooltip label={areFacetsOpen ? 'Hide filters' : 'Show filters'}>
        <ActionIcon
          variant={areFacetsOpen ? 'light' : 'subtle'}
          color={areFacetsOpen ? undefined : 'gray'}
          aria-label="Filters"
          aria-pressed={areFacetsOpen}
          onClick={onFacets}
        >
          <ListFilter size={17} />
        </ActionIcon>
      </Tooltip>
      <Total {...{ dataset, search }} />
      <FileNameSearch value={fileName} onChange={onFileName} />
      <Group gap="md" ml="auto" wrap="nowrap">
        <SaveView dataset={dataset} />
        <SortMenu
          kind={dataset.kind}
          metadataKeys={all?.metadata.map(({ key }) => key) ?? []}
          sort={search.sort}
          onChange={(sort) => onSearch({ sort }, { isNext: true })}
        />
        <Tooltip label={isCrops ? 'Crops with what is around them (b)' : 'Boxes of what was predicted (b)'}>
          <div>
            <Switch
              size="xs"
              label={isCrops ? 'Surroundings' : 'Boxes'}
              checked={isCrops ? (search.context ?? false) : (search.boxes ?? true)}
              onChange={({ currentTarget: { checked } }) =>
                onSearch(isCrops ? { context: checked || undefined } : { boxes: checked ? undefined : false })
              }
            />
          </div>
        </Tooltip>
        <TileSlider tile={tile} onChange={(size) => onSearch({ tile: size })} />
      </Group>
    </div>
  );
}

function Total({ dataset, search }: Pick<SampleBrowserProps, 'dataset' | 'search'>) {
  const { data, isPlaceholderData } = useQuery({
    ...facetsQuery(dataset.id, search.q),
    placeholderData: keepPreviousData,
  });
  const everything = counted(dataset.sample_count, dataset.kind === 'crops' ? 'object' : 'image');
  // As long as the new count is not there, the words before it stay.
  const isWhole = isPlaceholderData ? data.total === dataset.sample_count : isEmptyFilter(search.q);
  return (
    <Text
      size="sm"
      fw={600}
      className={classes.total}
      c={isPlaceholderData ? 'dimmed' : undefined}
      role="status"
    >
      {isWhole || data === undefined ? everything : `${count(data.total)} of ${everything}`}
    </Text>
  );
}

function TileSlider({ tile, onChange }: { tile: number; onChange: (tile: number) => void }) {
  const [dragged, setDragged] = useState<number | null>(null);
  return (
    <Tooltip label="Size of tiles ([ and ])">
      <Slider
        w={96}
        size={3}
        thumbSize={13}
        min={SMALLEST_TILE}
        max={LARGEST_TILE}
        step={8}
        label={null}
        thumbLabel="Size of tiles"
        value={dragged ?? tile}
        onChange={(value) => {
          setDragged(value);
          onChange(value);
        }}
        onChangeEnd={() => setDragged(null)}
      />
    </Tooltip>
  );
}
