import { Anchor, Group } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { SampleDetails } from '@/api/queries/sample';
import { baseName, bytes, categoryLabel, count, percent, score } from '@/model/format';
import { boxInWords, shareOfImage, type MetadataFact } from '@/model/sampleWords';
import { colorAt } from '@/model/palette';
import { ColorDot } from '@/ui/ColorDot';
import { RelativeTime } from '@/ui/RelativeTime';
import { useScheme } from '@/ui/useScheme';
import { Fact, Facts } from './Facts';

const size = (width: number, height: number): string => `${count(width)} × ${count(height)} px`;

/** What a sample is: of a crop its category, box and image, of an image its file. */
export function SampleFacts({ sample }: { sample: SampleDetails }) {
  return sample.crop === null ? (
    <ImageFacts sample={sample} />
  ) : (
    <CropFacts sample={sample} crop={sample.crop} />
  );
}

type Crop = NonNullable<SampleDetails['crop']>;

function CropFacts({ sample, crop }: { sample: SampleDetails; crop: Crop }) {
  const scheme = useScheme();
  const share = shareOfImage(crop);
  return (
    <Facts>
      <Fact name="Category">
        <Group component="span" gap={6} wrap="nowrap">
          <ColorDot color={colorAt(crop.category_id, scheme)} />
          {categoryLabel(crop)}
        </Group>
      </Fact>
      <Fact name="Score">{score(crop.score)}</Fact>
      <Fact name="Size">{size(sample.width, sample.height)}</Fact>
      <Fact name="Box">{boxInWords(crop.box)}</Fact>
      <Fact name="Padding">{percent(crop.padding)}</Fact>
      <Fact name="Share">{percent(share, share < 0.1 ? 2 : 0)} of the image</Fact>
      <Fact name="Task">{crop.task}</Fact>
      <Fact name="Image" copies={crop.parent_file_name}>
        <Anchor
          inherit
          renderRoot={(props) => (
            <Link
              {...props}
              to="/d/$dataset/samples/$sample"
              params={{ dataset: crop.parent_dataset_id, sample: crop.parent_sample_id }}
              search={{ object: `${crop.task}/${crop.position}` }}
            />
          )}
        >
          {crop.parent_file_name}
        </Anchor>
      </Fact>
      <Fact name="File" copies={sample.file_name}>
        <span title={sample.file_name}>{baseName(sample.file_name)}</span>
      </Fact>
    </Facts>
  );
}

function ImageFacts({ sample }: { sample: SampleDetails }) {
  return (
    <Facts>
      <Fact name="File" copies={sample.file_name}>
        {sample.file_name}
      </Fact>
      <Fact name="Size">{size(sample.width, sample.height)}</Fact>
      <Fact name="Bytes">{bytes(sample.byte_size)}</Fact>
      <Fact name="Objects">{count(sample.predictions?.length ?? 0)}</Fact>
    </Facts>
  );
}

/** Where a sample comes from. */
export function Provenance({ sample }: { sample: SampleDetails }) {
  const { crop } = sample;
  return (
    <Facts>
      <Fact name="Added">
        <RelativeTime time={sample.created_at} /> by{' '}
        <Anchor
          inherit
          renderRoot={(props) => <Link {...props} to="/runs/$run" params={{ run: sample.run_id }} />}
        >
          run {sample.run_id.slice(0, 8)}
        </Anchor>
      </Fact>
      {crop !== null && (
        <Fact name="From">
          prediction {crop.position + 1} of task {crop.task}
        </Fact>
      )}
      <Fact name="Id" copies={sample.id}>
        {sample.id}
      </Fact>
    </Facts>
  );
}

/** What is known of a sample under keys, by their names. */
export function MetadataFacts({ facts }: { facts: readonly MetadataFact[] }) {
  return (
    <Facts>
      {facts.map(({ key, name, value }) => (
        <Fact key={key} name={name}>
          {value}
        </Fact>
      ))}
    </Facts>
  );
}
