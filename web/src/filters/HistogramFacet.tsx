import type { Facets } from '@/api/queries/samples';
import type { Filter } from '@/model/browsing';
import { changed } from '@/model/filters';
import { isSpread, type Bins } from '@/model/ranges';
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
  /** What values are multiplied by to be shown. */
  scale?: number;
  isOpenAtFirst?: boolean;
}

export const HISTOGRAMS: readonly Kind[] = [
  { name: 'score', title: 'Score', isOpenAtFirst: true },
  { name: 'object_count', title: 'Objects', of: 'images', isWhole: true, isOpenAtFirst: true },
  { name: 'shorter_side', title: 'Shorter side', isWhole: true, unit: 'px', isOpenAtFirst: true },
  { name: 'box_area', title: 'Share of the image', of: 'crops', unit: '%', scale: 100 },
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
  const { scale = 1 } = kind;
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
        bins={scaled(bins, scale)}
        allBins={scaled(allBins, scale)}
        range={[times(low, scale), times(high, scale)]}
        isWhole={kind.isWhole}
        unit={kind.unit}
        onChange={([min, max]) => change(times(min, 1 / scale), times(max, 1 / scale))}
      />
    </FacetSection>
  );
}

function scaled({ edges, counts }: Bins, scale: number): Bins {
  return { edges: edges.map((edge) => edge * scale), counts };
}

/** Without the last digits, in which products of such numbers are off. */
function times(value: number | null, scale: number): number | null {
  return value === null ? null : Number((value * scale).toPrecision(12));
}
