/** Answers questions about points beside the page, so that it goes on drawing. */
import { PointLookup } from './nearest';
import type { Answer, Question } from './pointIndex';

let lookup: PointLookup | null = null;

onmessage = ({ data: question }: MessageEvent<Question>): void => {
  switch (question.kind) {
    case 'points':
      lookup = new PointLookup(question.points);
      break;
    case 'states':
      lookup?.setStates(question.states);
      break;
    case 'nearest':
      answer({ id: question.id, point: lookup?.nearest(question.place, question.reach) ?? null });
      break;
    case 'inside':
      answer({ id: question.id, bits: lookup?.inside(question.vertices) ?? new Uint8Array() });
  }
};

function answer(message: Answer): void {
  const transfer = 'bits' in message ? [message.bits.buffer] : [];
  postMessage(message, { transfer });
}
