import type { Facets } from '@/api/queries/samples';
import type { Filter } from '@/model/browsing';
import { changed } from '@/model/filters';
import { isSpread } from '@/model/ranges';
import type { FacetProps } from './FacetSidebar';
import { FacetSection } from './FacetSection';
import { RangeFacet } from './RangeFacet';

type Line = 'score' | 'shorter_side' | 'box_area' | 'aspect_ratio' | 'object_count';

interface Kind {
  name: Line;
  title: string;
  /** Only of crops, only of images, or of both. */
  of?: 'crops' | 'images';
  isWhole?: boolean;
  unit?: string;
  isOpenAtFirst?: boolean;
}

export const HISTOGRAMS: readonly Kind[] = [
  { name: 'score', title: 'Score', isOpenAtFirst: true },
  { name: 'object_count', title: 'Objects', of: 'images', isWhole: true, isOpenAtFirst: true },
  { name: 'shorter_side', title: 'Shorter side', isWhole: true, unit: 'px', isOpenAtFirst: true },
  { name: 'box_area', title: 'Share of the image', of: 'crops' },
  { name: 'aspect_ratio', title: 'Width ÷ height' },
];

interface HistogramFacetProps extends FacetProps {
  kind: Kind;
  all: Facets;
}

/** One of the numbers that all samples have. Where all have the same there is nothing to choose. */
export function HistogramFacet({ dataset, facets, all, filter, onChange, kind }: HistogramFacetProps) {
  const bins = facets.histograms.find(({ name }) => name === kind.name);
  const allBins = all.histograms.find(({ name }) => name === kind.name);
  const low = filter?.[`min_${kind.name}`] ?? null;
  const high = filter?.[`max_${kind.name}`] ?? null;
  const isActive = low !== null || high !== null;
  if (bins === undefined || allBins === undefined) return null;
  if (kind.of !== undefined && kind.of !== dataset.kind) return null;
  if (!isActive && !isSpread(allBins.counts)) return null;
  const change = (min: number | null, max: number | null) => {
    const lines: Partial<Filter> = { [`min_${kind.name}`]: min, [`max_${kind.name}`]: max };
    onChange(changed(filter, lines));
  };
  return (
    <FacetSection
      title={kind.title}
      isActive={isActive}
      isOpenAtFirst={kind.isOpenAtFirst ?? false}
      onReset={() => change(null, null)}
    >
      <RangeFacet
        label={kind.title}
        bins={bins}
        allBins={allBins}
        range={[low, high]}
        isWhole={kind.isWhole}
        unit={kind.unit}
        onChange={([min, max]) => change(min, max)}
      />
    </FacetSection>
  );
}
