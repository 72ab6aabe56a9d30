import { Accordion, Text } from '@hubspot/ui-extensions';
import { createContext, useContext, type ReactNode } from 'react';
import type { Topic } from '../help/topics.ts';
import { useText } from '../i18n/useText.ts';

/** How a place leads to a row of the help page. Where there are no pages (card, settings) the row is unfolded in place. */
const Way = createContext<((topic: Topic) => ReactNode) | null>(null);
export const HelpLinks = Way.Provider;

export const HelpLink = ({ topic }: { topic: Topic }) => {
  const way = useContext(Way);
  const t = useText('help');
  if (way) return <>{way(topic)}</>;
  return (
    <Accordion title={t(topic)} size="small">
      <Text>{t(`${topic}.check`)}</Text>
    </Accordion>
  );
};
