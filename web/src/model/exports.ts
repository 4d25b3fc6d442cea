/** What exports are for, what can be chosen about each, and of which samples they are. */
import type { Schemas } from '@/api/client';

export type ExportFormat = Schemas['ExportFormat'];
type Options = Schemas['ExportOptions'];
type NewExport = Schemas['NewExport'];

export type OptionName = 'unit' | 'expires_in_s' | 'include_metadata' | 'include_images';

export interface DescribedFormat {
  format: ExportFormat;
  title: string;
  about: string;
  /** What can be chosen; how long the link to the file holds, always. */
  options: readonly OptionName[];
  /** Crops datasets alone have it. */
  isOfCrops?: boolean;
}

export interface Purpose {
  title: string;
  formats: readonly DescribedFormat[];
}

export const PURPOSES: readonly Purpose[] = [
  {
    title: 'To label',
    formats: [
      {
        format: 'label-studio',
        title: 'Label Studio tasks',
        about: 'Images with their boxes as predictions, to be corrected instead of drawn.',
        options: ['unit', 'include_metadata', 'expires_in_s'],
      },
      {
        format: 'label-studio-config',
        title: 'Label Studio configuration',
        about: 'The labelling interface that fits the tasks: all categories as labels.',
        options: ['unit', 'expires_in_s'],
      },
      {
        format: 'filenames',
        title: 'File names',
        about: 'One per line, for tools that take a list.',
        options: ['unit', 'expires_in_s'],
      },
    ],
  },
  {
    title: 'To train',
    formats: [
      {
        format: 'yolo',
        title: 'YOLO',
        about: 'A zip with one label file per image, and the images if you like.',
        options: ['include_images', 'expires_in_s'],
      },
      {
        format: 'coco',
        title: 'COCO',
        about: 'One JSON document with images, boxes and categories.',
        options: ['expires_in_s'],
      },
      {
        format: 'crops',
        title: 'Crops as files',
        about: 'A zip with a folder per category, for classifiers.',
        options: ['expires_in_s'],
        isOfCrops: true,
      },
    ],
  },
  {
    title: 'To analyse',
    formats: [
      {
        format: 'parquet',
        title: 'Table (Parquet)',
        about: 'One row per sample with all that is known of it.',
        options: ['include_metadata', 'expires_in_s'],
      },
      {
        format: 'csv',
        title: 'Table (CSV)',
        about: 'The same for spreadsheets.',
        options: ['include_metadata', 'expires_in_s'],
      },
      {
        format: 'embeddings-parquet',
        title: 'Embeddings (Parquet)',
        about: 'The vector of each sample, as numbers of a notebook.',
        options: ['expires_in_s'],
      },
      {
        format: 'embeddings-csv',
        title: 'Embeddings (CSV)',
        about: 'The same as text, one column per number.',
        options: ['expires_in_s'],
      },
      {
        format: 'tags',
        title: 'Tags',
        about: 'Names of tags with the file names of their samples.',
        options: ['expires_in_s'],
      },
    ],
  },
];

const DESCRIBED = new Map(
  PURPOSES.flatMap(({ formats }) => formats.map((described) => [described.format, described] as const)),
);

export function titleOf(format: ExportFormat): string {
  return DESCRIBED.get(format)?.title ?? format;
}

/** The purposes with those of their formats that a dataset of this kind has. */
export function purposesFor(kind: string): Purpose[] {
  return PURPOSES.map(({ title, formats }) => ({
    title,
    formats: formats.filter(({ isOfCrops }) => !isOfCrops || kind === 'crops'),
  }));
}

const HOUR_S = 3600;
export const DAY_S = 24 * HOUR_S;

const EXPIRIES = [
  { value: HOUR_S, label: 'after an hour' },
  { value: DAY_S, label: 'after a day' },
  { value: 7 * DAY_S, label: 'after a week' },
  { value: 30 * DAY_S, label: 'after 30 days' },
  { value: 365 * DAY_S, label: 'after a year' },
];

/** The file itself is kept for a week; links to images, which tasks hold, may work for longer. */
function longestExpiry(format: ExportFormat): number {
  return format === 'label-studio' ? 365 * DAY_S : 7 * DAY_S;
}

/** When the links of a format may expire. */
export function expiriesOf(format: ExportFormat): { value: number; label: string }[] {
  return EXPIRIES.filter(({ value }) => value <= longestExpiry(format));
}

/** What can be chosen about a format for a dataset of this kind. Images are all that an image dataset has. */
export function optionsOf(format: ExportFormat, kind: string): readonly OptionName[] {
  const options = DESCRIBED.get(format)?.options ?? [];
  return kind === 'crops' ? options : options.filter((name) => name !== 'unit');
}

/** The chosen options without those that mean nothing to the format, which the server would refuse. */
export function usableOptions(format: ExportFormat, kind: string, chosen: Options): Options {
  const usable = optionsOf(format, kind);
  const options = Object.fromEntries(
    Object.entries(chosen).filter(([name]) => usable.includes(name as OptionName)),
  ) as Options;
  return chosen.expires_in_s === undefined
    ? options
    : { ...options, expires_in_s: Math.min(chosen.expires_in_s, longestExpiry(format)) };
}

/** Which samples are meant, as one text that fits a choice: `all`, `tag:<id>`, `view:<id>`, `sel:<id>`, `picked`. */
export type Source = string;

/** The part of a request that says which samples are meant. */
export function sourceRequest(
  source: Source,
  picked: () => Schemas['Selector'],
): Pick<NewExport, 'tag' | 'selector'> {
  const [kind, id = ''] = source.split(':');
  if (kind === 'tag') return { tag: id };
  if (kind === 'view') return { selector: { all_of: [{ view_id: id }] } };
  if (kind === 'sel') return { selector: { all_of: [{ selection_id: id }] } };
  return kind === 'picked' ? { selector: picked() } : {};
}

/** How long something holds from now on: `5 more days`. */
export function holdsFor(until: number, now: number): string {
  const seconds = (until - now) / 1000;
  if (seconds <= 0) return 'expired';
  if (seconds >= 2 * DAY_S) return `${Math.round(seconds / DAY_S)} more days`;
  if (seconds >= 2 * HOUR_S) return `${Math.round(seconds / HOUR_S)} more hours`;
  const minutes = Math.max(1, Math.round(seconds / 60));
  return minutes === 1 ? 'one more minute' : `${minutes} more minutes`;
}
