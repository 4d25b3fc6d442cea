import { Button, VisuallyHidden } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { FilterX, ImageOff } from 'lucide-react';
import { useEffect } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import { membersOfSelection } from '@/api/queries/samples';
import { FacetSidebar } from '@/filters/FacetSidebar';
import { FilterChips } from '@/filters/FilterChips';
import { isEmptyFilter, type BrowsingSearch, type Filter } from '@/model/browsing';
import { useSelection } from '@/model/selection';
import { EmptyState } from '@/ui/EmptyState';
import { notifyProblem } from '@/ui/notify';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { useKeys } from '@/ui/useKeys';
import { BrowserToolbar } from './BrowserToolbar';
import { SampleGrid } from './SampleGrid';
import { DEFAULT_TILE, largerTile, smallerTile } from './tileSteps';
import { useFacetsOpen } from './useFacetsOpen';
import classes from './SampleBrowser.module.css';

/** Changes what the address says; `isNext` makes it a step that the back button takes back. */
export type ChangeSearch = (part: Partial<BrowsingSearch>, options?: { isNext?: boolean }) => void;

export interface SampleBrowserProps {
  dataset: DatasetDetails;
  search: BrowsingSearch;
  onSearch: ChangeSearch;
}

/** The samples of a dataset: what to filter them by, how to look at them, and they themselves. */
export function SampleBrowser({ dataset, search, onSearch }: SampleBrowserProps) {
  const isCrops = dataset.kind === 'crops';
  const facets = useFacetsOpen();
  const tile = search.tile ?? DEFAULT_TILE[isCrops ? 'crops' : 'images'];
  const setFilter = (q: Filter | undefined) => onSearch({ q }, { isNext: true });
  useKeys({
    '[': () => onSearch({ tile: smallerTile(tile) }),
    ']': () => onSearch({ tile: largerTile(tile) }),
    b: () =>
      onSearch(
        isCrops
          ? { context: search.context === true ? undefined : true }
          : { boxes: search.boxes === false ? undefined : false },
      ),
  });
  usePickedOfAddress(search.sel);
  if (dataset.sample_count === 0) return <NoSamples dataset={dataset} />;
  return (
    <div className={classes.browser}>
      <VisuallyHidden component="h1">
        {isCrops ? 'Objects' : 'Images'} of {dataset.name}
      </VisuallyHidden>
      {facets.isOpen && <FacetSidebar dataset={dataset} filter={search.q} onChange={setFilter} />}
      <div className={classes.main}>
        <BrowserToolbar
          dataset={dataset}
          search={search}
          tile={tile}
          onSearch={onSearch}
          areFacetsOpen={facets.isOpen}
          onFacets={facets.toggle}
        />
        <div className={classes.chips}>
          <FilterChips dataset={dataset} filter={search.q} onChange={setFilter} />
        </div>
        <div className={classes.grid}>
          <SampleGrid
            dataset={dataset}
            filter={search.q}
            sort={search.sort}
            tile={tile}
            showContext={search.context}
            showBoxes={search.boxes ?? true}
            focus={search.focus}
            ownsKeys
            onOpen={({ id }) => onSearch({ focus: id }, { isNext: search.focus === undefined })}
            onClose={() => onSearch({ focus: undefined })}
            empty={<NothingPasses onClear={() => setFilter(undefined)} />}
            onRefused={(error) => (
              <Refused
                error={error}
                onClear={
                  isEmptyFilter(search.q) && search.sort === undefined
                    ? undefined
                    : () => onSearch({ q: undefined, sort: undefined }, { isNext: true })
                }
              />
            )}
          />
        </div>
      </div>
    </div>
  );
}

/** Pick what a link says is picked. */
function usePickedOfAddress(selectionId: string | undefined): void {
  const replace = useSelection((state) => state.replace);
  useEffect(() => {
    if (selectionId === undefined) return;
    membersOfSelection(selectionId).then(replace).catch(notifyProblem);
  }, [selectionId, replace]);
}

function NoSamples({ dataset }: { dataset: DatasetDetails }) {
  const images = dataset.parent_id ?? dataset.id;
  return (
    <EmptyState
      icon={ImageOff}
      title={dataset.kind === 'crops' ? 'No objects yet' : 'No images yet'}
      action={
        <Button component={Link} to={`/d/${images}/run`}>
          New run
        </Button>
      }
    >
      A run cuts the objects out of the images of <b>{dataset.parent ?? dataset.name}</b> and adds those it
      selects.
    </EmptyState>
  );
}

function NothingPasses({ onClear }: { onClear: () => void }) {
  return (
    <EmptyState
      icon={FilterX}
      title="Nothing passes this filter"
      action={
        <Button variant="light" onClick={onClear}>
          Clear all filters
        </Button>
      }
    >
      All of its conditions must hold at once. Remove one of them above, or all.
    </EmptyState>
  );
}

function Refused({ error, onClear }: { error: unknown; onClear: (() => void) | undefined }) {
  return (
    <>
      <ProblemAlert error={error} />
      {onClear !== undefined && (
        <Button mt="md" variant="light" leftSection={<FilterX size={16} />} onClick={onClear}>
          Clear filter and order
        </Button>
      )}
    </>
  );
}
