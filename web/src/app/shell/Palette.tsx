import { useMantineColorScheme } from '@mantine/core';
import { Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { datasetsQuery, type DatasetFamily } from '@/api/queries/datasets';
import { counted } from '@/model/format';
import { helpSheet } from './helpSheetState';

/** Everything one can go to or do, by typing (Ctrl+K). */
export function Palette({ family }: { family: DatasetFamily | undefined }) {
  const navigate = useNavigate();
  const { data } = useQuery(datasetsQuery);
  const { setColorScheme } = useMantineColorScheme();
  const go = (id: string, label: string, to: string, description?: string) => ({
    id,
    label,
    description,
    onClick: () => void navigate({ to }),
  });
  const groups: SpotlightActionGroupData[] = [
    ...(family === undefined ? [] : [{ group: family.dataset.name, actions: placesIn(family, go) }]),
    {
      group: 'Swath',
      actions: [
        go('datasets', 'Datasets', '/'),
        go('new-dataset', 'New dataset', '/datasets/new'),
        go('runs', 'Runs', '/runs'),
        go('workers', 'Workers', '/workers'),
        go('settings', 'Settings', '/settings'),
        { id: 'keys', label: 'Keys', onClick: helpSheet.open },
        { id: 'light', label: 'Light', onClick: () => setColorScheme('light') },
        { id: 'dark', label: 'Dark', onClick: () => setColorScheme('dark') },
      ],
    },
    {
      group: 'Datasets',
      actions: (data?.items ?? []).map((dataset) =>
        go(
          dataset.id,
          dataset.name,
          `/d/${dataset.id}`,
          counted(dataset.sample_count, dataset.kind === 'crops' ? 'crop' : 'image'),
        ),
      ),
    },
  ];
  return (
    <Spotlight
      actions={groups}
      shortcut={['mod + K']}
      nothingFound="Nothing is called so"
      highlightQuery
      scrollable
      maxHeight={420}
      searchProps={{
        leftSection: <Search size={17} />,
        placeholder: 'Find a page, an action or a dataset',
        'aria-label': 'Find',
      }}
    />
  );
}

type Go = (id: string, label: string, to: string) => { id: string; label: string; onClick: () => void };

function placesIn({ dataset, images, currentCrops }: DatasetFamily, go: Go) {
  const here = `/d/${dataset.id}`;
  return [
    go('overview', 'Overview', here),
    ...(currentCrops === null ? [] : [go('objects', 'Objects', `/d/${currentCrops.id}/objects`)]),
    go('images', 'Images', `/d/${images.id}/images`),
    go('embedding', 'Embedding', `${here}/embedding`),
    go('tags', 'Tags', `${here}/tags`),
    go('views', 'Views', `${here}/views`),
    go('select', 'Select again', `${here}/select`),
    go('run', 'New run', `/d/${images.id}/run`),
    go('exports', 'Exports', `${here}/exports`),
  ];
}
