import { Group, NumberInput, RangeSlider } from '@mantine/core';
import { useState } from 'react';
import {
  cut,
  filledBins,
  handlesOf,
  rangeOf,
  shortNumber,
  type Bins,
  type Handles,
  type Range,
} from '@/model/ranges';
import { Histogram } from '@/ui/Histogram';
import classes from './filters.module.css';

interface RangeFacetProps {
  label: string;
  bins: Bins;
  /** The same without any filter: says how far values reach. */
  allBins: Bins;
  range: Range;
  onChange: (range: Range) => void;
  /** Values are whole numbers. */
  isWhole?: boolean;
  unit?: string;
}

/** How values are distributed, and a range to choose of them: by handles, or exactly by number. */
export function RangeFacet({
  label,
  bins,
  allBins,
  range,
  onChange,
  isWhole = false,
  unit,
}: RangeFacetProps) {
  const filled = filledBins(allBins.counts);
  const shown = cut(bins, filled);
  const last = shown.edges.length - 1;
  const [dragged, setDragged] = useState<Handles | null>(null);
  const handles = dragged ?? handlesOf(range, shown.edges, isWhole);
  const inView = dragged === null ? range : rangeOf(dragged, shown.edges, isWhole);
  const format = (edge: number) => `${shortNumber(edge)}${unit === undefined ? '' : ` ${unit}`}`;
  const inWords = (at: number) => format(shown.edges[at] ?? 0);
  return (
    <div className={classes.range}>
      <Histogram
        edges={shown.edges}
        counts={shown.counts}
        label={label}
        format={format}
        height={44}
        range={inView}
        onPick={(low, high) => {
          const at = shown.edges.indexOf(low);
          onChange(rangeOf([at, shown.edges.indexOf(high)], shown.edges, isWhole));
        }}
      />
      <RangeSlider
        size={4}
        thumbSize={14}
        min={0}
        max={last}
        step={1}
        minRange={1}
        value={handles}
        label={(at) => inWords(at)}
        thumbFromLabel={`Lowest ${label.toLowerCase()}`}
        thumbToLabel={`Highest ${label.toLowerCase()}`}
        onChange={setDragged}
        onChangeEnd={(value) => {
          setDragged(null);
          onChange(rangeOf(value, shown.edges, isWhole));
        }}
      />
      <Group gap={6} mt={10} wrap="nowrap">
        <EndField
          label={`${label} at least`}
          placeholder="from"
          value={range[0]}
          isWhole={isWhole}
          onCommit={(low) => onChange([low, range[1]])}
        />
        <span className={classes.dash}>–</span>
        <EndField
          label={`${label} at most`}
          placeholder="to"
          value={range[1]}
          isWhole={isWhole}
          onCommit={(high) => onChange([range[0], high])}
        />
        {unit !== undefined && <span className={classes.dash}>{unit}</span>}
      </Group>
    </div>
  );
}

interface EndFieldProps {
  label: string;
  placeholder: string;
  value: number | null;
  isWhole: boolean;
  onCommit: (value: number | null) => void;
}

/** One end of a range as a number; counts once Enter is pressed or the field is left. */
function EndField({ label, placeholder, value, isWhole, onCommit }: EndFieldProps) {
  const [typed, setTyped] = useState<string | number | null>(null);
  const commit = () => {
    if (typed === null) return;
    setTyped(null);
    const number = typed === '' ? null : Number(typed);
    if (number !== value && (number === null || Number.isFinite(number))) onCommit(number);
  };
  return (
    <NumberInput
      size="xs"
      hideControls
      aria-label={label}
      placeholder={placeholder}
      allowDecimal={!isWhole}
      value={typed ?? (value === null ? '' : Number(value.toPrecision(6)))}
      onChange={setTyped}
      onBlur={commit}
      onKeyDown={(event) => event.key === 'Enter' && commit()}
    />
  );
}
