import { INITIAL_TAG } from '@/api/queries/tags';
import { changed, tagChoice, tagCondition, toggled } from '@/model/filters';
import { dateTime } from '@/model/format';
import { ChoiceList } from './ChoiceList';
import type { FacetProps } from './FacetSidebar';
import { FacetSection } from './FacetSection';
import { TagFacet } from './TagFacet';

/** Tags, those that runs made of what they selected first. */
export function TagsOfDataset({ dataset, facets, filter, onChange }: FacetProps) {
  const choice = tagChoice(filter?.tags);
  const madeByRuns = new Set(dataset.tags.filter(({ run_id }) => run_id !== null).map(({ id }) => id));
  const tags = facets.tags
    .filter(({ name }) => name !== INITIAL_TAG)
    .map(({ id, name, count }) => ({ name, count, isOfRun: madeByRuns.has(id) }));
  if (tags.length === 0) return null;
  return (
    <FacetSection
      title="Tags"
      isActive={filter?.tags != null}
      onReset={() => onChange(changed(filter, { tags: null }))}
    >
      <TagFacet
        tags={tags}
        choice={choice}
        onChange={(next) => onChange(changed(filter, { tags: tagCondition(next) }))}
      />
    </FacetSection>
  );
}

/** The runs that added samples, by when they began. */
export function RunFacet({ dataset, facets, filter, onChange }: FacetProps) {
  if (facets.runs.length < 2 && filter?.runs == null) return null;
  const startOf = new Map(dataset.runs.map(({ id, created_at }) => [id, created_at]));
  const choices = facets.runs.map(({ run_id, count }) => {
    const start = startOf.get(run_id);
    return {
      key: run_id,
      label: start === undefined ? `run ${run_id.slice(0, 8)}` : dateTime(start),
      count,
      isChosen: filter?.runs?.includes(run_id) ?? false,
    };
  });
  return (
    <FacetSection
      title="Added by run"
      isActive={filter?.runs != null}
      isOpenAtFirst={false}
      onReset={() => onChange(changed(filter, { runs: null }))}
    >
      <ChoiceList
        choices={choices}
        what="runs"
        onToggle={(runId) => onChange(changed(filter, { runs: toggled(filter?.runs, runId) }))}
      />
    </FacetSection>
  );
}

/** Whether the image of a crop has changed since; there only where some have. */
export function StaleFacet({ facets, filter, onChange }: FacetProps) {
  const asked = filter?.stale ?? null;
  if (facets.stale === 0 && asked === null) return null;
  const choices = [
    { key: 'stale', label: 'Has changed since', count: facets.stale, isChosen: asked === true },
    { key: 'fresh', label: 'As it was', count: facets.not_stale, isChosen: asked === false },
  ];
  return (
    <FacetSection
      title="Image of the crop"
      isActive={asked !== null}
      onReset={() => onChange(changed(filter, { stale: null }))}
    >
      <ChoiceList
        choices={choices}
        what="states"
        onToggle={(key) => {
          const wanted = key === 'stale';
          onChange(changed(filter, { stale: asked === wanted ? null : wanted }));
        }}
      />
    </FacetSection>
  );
}
