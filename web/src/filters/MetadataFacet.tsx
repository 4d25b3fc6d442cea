import type { Facets } from '@/api/queries/samples';
import { changed, metadataOf, toggled, withMetadata } from '@/model/filters';
import { isSpread } from '@/model/ranges';
import { ChoiceList } from './ChoiceList';
import type { FacetProps } from './FacetSidebar';
import { FacetSection } from './FacetSection';
import { RangeFacet } from './RangeFacet';

type Facet = Facets['metadata'][number];

interface MetadataFacetProps extends FacetProps {
  facet: Facet;
  /** The same without any filter. */
  all: Facet;
  /** How the key is called. */
  title: string;
}

/** One key of what people attached to images: a range of numbers, or texts and yes or no to choose. */
export function MetadataFacet({ facet, all, title, filter, onChange }: MetadataFacetProps) {
  const { key } = facet;
  const condition = metadataOf(filter, key);
  const chosen = condition?.any_of ?? null;
  const reset = () => onChange(changed(filter, { metadata: withMetadata(filter, key, { any_of: null }) }));
  if (facet.histogram !== null && all.histogram !== null) {
    if (condition === undefined && !isSpread(all.histogram.counts)) return null;
    return (
      <FacetSection title={title} isActive={condition !== undefined} isOpenAtFirst={false} onReset={reset}>
        <RangeFacet
          label={title}
          bins={facet.histogram}
          allBins={all.histogram}
          range={[condition?.min ?? null, condition?.max ?? null]}
          onChange={(range) => onChange(changed(filter, { metadata: withMetadata(filter, key, { range }) }))}
        />
      </FacetSection>
    );
  }
  const toggle = (at: number) => {
    const value = facet.values[at]?.value;
    if (value === undefined) return;
    const any_of = toggled(chosen, value);
    onChange(changed(filter, { metadata: withMetadata(filter, key, { any_of }) }));
  };
  return (
    <FacetSection title={title} isActive={condition !== undefined} isOpenAtFirst={false} onReset={reset}>
      <ChoiceList
        what="values"
        choices={facet.values.map(({ value, count }, at) => ({
          key: String(at),
          label: typeof value === 'boolean' ? (value ? 'yes' : 'no') : value,
          count,
          isChosen: chosen?.includes(value) ?? false,
        }))}
        onToggle={(at) => toggle(Number(at))}
      />
    </FacetSection>
  );
}
