import { Text } from '@hubspot/ui-extensions';
import { useProblem, type BubbleProblem } from '@lumo/screens';

/** What is wrong at a place of the message and below it, each thing once. */
export const Told = ({ problems, place }: { problems: readonly BubbleProblem[]; place: string }) => {
  const explain = useProblem();
  const here = problems.filter(
    (p) => p.place === place || (/^[.[]/.test(p.place.slice(place.length)) && p.place.startsWith(place)),
  );
  const codes = [...new Set(here.map(({ code }) => code))];
  return codes.map((code) => (
    <Text key={code} variant="microcopy" format={{ fontWeight: 'demibold' }}>
      {`${explain({ code, message: code }).text} ${explain({ code, message: code }).todo}`}
    </Text>
  ));
};
