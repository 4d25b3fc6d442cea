import { Center, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useFamily } from '@/api/queries/datasets';
import { sampleQuery } from '@/api/queries/sample';
import { boxesOf, cropPrediction, predictionKey } from '@/inspector/boxesOf';
import { Section } from '@/inspector/Facts';
import { ObjectList } from '@/inspector/ObjectList';
import { SampleSections } from '@/inspector/SampleSections';
import { useWalkSteps } from '@/inspector/useWalkSteps';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { useKeys } from '@/ui/useKeys';
import { useScheme } from '@/ui/useScheme';
import classes from './Page.module.css';
import { SampleHead } from './SampleHead';
import { useImageOf } from './useImageOf';
import { ZoomPane } from './ZoomPane';

const FROM = '/d/$dataset/samples/$sample';

/** One sample on a page of its own: an image, or the image of a crop, to look at closely. */
export default function Page() {
  const { dataset: datasetId, sample: sampleId } = useParams({ from: FROM });
  const { object } = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  const scheme = useScheme();
  const { family } = useFamily(datasetId);
  const { data: sample, error } = useQuery(sampleQuery(datasetId, sampleId));
  const image = useImageOf(sample);
  const go = (id: string) =>
    void navigate({ to: FROM, params: { dataset: datasetId, sample: id }, search: {}, replace: true });
  const steps = useWalkSteps(sampleId, go);
  useKeys({ ArrowLeft: () => steps?.step(-1)?.(), ArrowRight: () => steps?.step(1)?.() });
  if (error) return <ProblemAlert error={error} />;
  if (sample === undefined || image === null || family === undefined) {
    return (
      <Center h="100%">
        <Loader size="sm" aria-label="Loading the sample" />
      </Center>
    );
  }
  const own = cropPrediction(sample);
  const isListed = own === null || image.predictions.some((one) => predictionKey(one) === predictionKey(own));
  const predictions = isListed ? image.predictions : [...image.predictions, own];
  const current = object ?? (own === null ? undefined : predictionKey(own));
  const pick = (key: string) =>
    void navigate({ search: { object: key === object ? undefined : key }, replace: true });
  return (
    <div className={classes.page}>
      <SampleHead dataset={family.dataset} sample={sample} steps={steps} />
      <div className={classes.body}>
        <ZoomPane
          key={image.id}
          src={image.src}
          alt={`Image ${image.fileName}`}
          width={image.width}
          height={image.height}
          current={current}
          boxes={boxesOf(predictions, scheme, {
            current,
            onPick: (prediction) => () => pick(predictionKey(prediction)),
          })}
        />
        <div className={classes.side}>
          <SampleSections dataset={family.dataset} sample={sample} onFocus={go}>
            {predictions.length > 0 && (
              <Section title={own === null ? 'Objects' : 'Objects of the image'}>
                <ObjectList predictions={predictions} current={current} onPick={pick} />
              </Section>
            )}
          </SampleSections>
        </div>
      </div>
    </div>
  );
}
