import { Text } from '@hubspot/ui-extensions';
import { filledIn, TemplatePicker, useText, type Bubble, type FriendDetail } from '@lumo/screens';
import { useState } from 'react';

interface Props {
  friend: FriendDetail;
  disabled: boolean;
  onText: (text: string) => void;
}

/** Puts a template's text into the box, filled in for this friend, so that it can be changed before it is sent. */
export const FromTemplate = ({ friend, disabled, onText }: Props) => {
  const t = useText('templates');
  const [silent, setSilent] = useState(false);
  const value = (name: string) =>
    name === 'line.name' ? friend.name : friend.fields.find(({ property }) => property === name)?.value;
  const pick = (bubbles: Bubble[]) => {
    const texts = bubbles.flatMap(({ kind, text }) => (kind === 'text' && text ? [filledIn(text, value)] : []));
    setSilent(texts.length === 0);
    if (texts.length > 0) onText(texts.join('\n\n'));
  };
  return (
    <>
      <TemplatePicker slot={friend.slot} disabled={disabled} onPick={pick} />
      {silent && <Text variant="microcopy">{t('use.noText')}</Text>}
    </>
  );
};
