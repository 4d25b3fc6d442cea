import { Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { DatasetDetails } from '@/api/queries/datasets';
import { facetsQuery, type Facets } from '@/api/queries/samples';
import type { Filter } from '@/model/browsing';
import { metadataLabel, withScoresApart } from '@/model/scoreWords';
import { CategoryFacet } from './CategoryFacet';
import { HISTOGRAMS, HistogramFacet } from './HistogramFacet';
import { MetadataFacet } from './MetadataFacet';
import { RunFacet, StaleFacet, TagsOfDataset } from './MembershipFacets';
import classes from './filters.module.css';

export interface FacetProps {
  dataset: DatasetDetails;
  facets: Facets;
  filter: Filter | undefined;
  onChange: (filter: Filter | undefined) => void;
}

/** Everything samples can be filtered by, each with what choosing it would show. */
export function FacetSidebar({ dataset, filter, onChange }: Omit<FacetProps, 'facets'>) {
  const { data: facets, error } = useQuery(facetsQuery(dataset.id, filter));
  const { data: all } = useQuery(facetsQuery(dataset.id, undefined));
  // Counts of another filter are better than none where the server refuses this one.
  const shown = facets ?? (error === null ? undefined : all);
  if (shown === undefined || all === undefined) return <Waiting />;
  const props = { dataset, facets: shown, filter, onChange };
  const { scores, others } = withScoresApart(all.metadata);
  return (
    <aside className={classes.sidebar} aria-label="Filters">
      <CategoryFacet {...props} />
      {HISTOGRAMS.map((kind) => (
        <HistogramFacet key={kind.name} {...props} all={all} kind={kind} />
      ))}
      <TagsOfDataset {...props} />
      <RunFacet {...props} />
      <StaleFacet {...props} />
      <MetadataFacets {...props} title="Scores" keys={scores} all={all} />
      <MetadataFacets {...props} title="Metadata" keys={others} all={all} />
    </aside>
  );
}

interface MetadataFacetsProps extends FacetProps {
  title: string;
  /** Those of the group, without any filter. */
  keys: Facets['metadata'];
  all: Facets;
}

/** The facets of keys that belong together. */
function MetadataFacets({ title, keys, all, ...props }: MetadataFacetsProps) {
  if (keys.length === 0) return null;
  const names = all.metadata.map(({ key }) => key);
  return (
    <div role="group" aria-label={title}>
      <div className={classes.groupTitle}>{title}</div>
      {keys.map((facet) => (
        <MetadataFacet
          key={facet.key}
          {...props}
          title={metadataLabel(facet.key, names)}
          facet={props.facets.metadata.find(({ key }) => key === facet.key) ?? facet}
          all={facet}
        />
      ))}
    </div>
  );
}

function Waiting() {
  return (
    <aside className={classes.sidebar} aria-label="Filters" aria-busy>
      <Stack p={14} gap={10}>
        {[70, 100, 90, 100, 60, 100].map((width, at) => (
          <Skeleton key={at} height={14} width={`${width}%`} />
        ))}
      </Stack>
    </aside>
  );
}
