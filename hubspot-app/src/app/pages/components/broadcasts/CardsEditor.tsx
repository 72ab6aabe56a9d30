import { Button, Divider, Flex, Input, Select, Text, TextArea } from '@hubspot/ui-extensions';
import { useText, type Bubble, type BubbleCard, type BubbleProblem } from '@lumo/screens';
import { ActionFields } from './ActionFields.tsx';
import { blankAction, blankCard, longestCardText, MOST } from './limits.ts';
import { Told } from './Told.tsx';

interface Props {
  at: number;
  bubble: Bubble;
  problems: readonly BubbleProblem[];
  readOnly: boolean;
  onChange: (bubble: Bubble) => void;
}

const BUTTONS = [1, 2, 3] as const;

/** Cards side by side, to be swiped through. All have the same number of buttons: LINE takes nothing else. */
export const CardsEditor = ({ at, bubble, problems, readOnly, onChange }: Props) => {
  const t = useText('broadcasts');
  const { cards = [] } = bubble;
  const buttons = cards[0]?.actions.length ?? 1;
  const set = (next: BubbleCard[]) => onChange({ ...bubble, cards: next });
  const resize = (n: number) =>
    set(
      cards.map((card) => ({
        ...card,
        actions: Array.from({ length: n }, (_, i) => card.actions[i] ?? blankAction()),
      })),
    );
  return (
    <Flex direction="column" gap="small">
      <Flex gap="small" align="end" wrap>
        <Input
          name={`bubble-${at}-altText`}
          label={t('field.altText')}
          readOnly={readOnly}
          value={bubble.altText ?? ''}
          onInput={(altText) => onChange({ ...bubble, altText })}
        />
        <Select
          name={`bubble-${at}-buttons`}
          label={t('card.buttons')}
          readOnly={readOnly}
          value={buttons}
          options={BUTTONS.map((value) => ({ value, label: String(value) }))}
          onChange={(n) => resize(Number(n))}
        />
      </Flex>
      <Text variant="microcopy">{t('card.help')}</Text>
      {cards.map((card, i) => (
        <CardFields
          key={i}
          name={`bubble-${at}-card-${i}`}
          place={`bubbles[${at}].cards[${i}]`}
          n={i + 1}
          card={card}
          problems={problems}
          readOnly={readOnly}
          onChange={(next) => set(cards.map((old, j) => (j === i ? next : old)))}
          {...(cards.length > 1 && { onRemove: () => set(cards.filter((_, j) => j !== i)) })}
        />
      ))}
      {!readOnly && cards.length < MOST.cards && (
        <Flex>
          <Button size="sm" testId={`add-card-to-${at}`} onClick={() => set([...cards, blankCard(buttons)])}>
            {t('card.add')}
          </Button>
        </Flex>
      )}
    </Flex>
  );
};

interface CardProps {
  name: string;
  place: string;
  n: number;
  card: BubbleCard;
  problems: readonly BubbleProblem[];
  readOnly: boolean;
  onChange: (card: BubbleCard) => void;
  onRemove?: () => void;
}

const CardFields = ({ name, place, n, card, problems, readOnly, onChange, onRemove }: CardProps) => {
  const t = useText('broadcasts');
  const most = longestCardText(card);
  return (
    <Flex direction="column" gap="xs">
      <Divider />
      <Flex justify="between" align="center" gap="small">
        <Text format={{ fontWeight: 'demibold' }}>{t('card.n', { n })}</Text>
        {onRemove && !readOnly && (
          <Button size="xs" testId={`${name}-remove`} onClick={onRemove}>
            {t('draft.remove')}
          </Button>
        )}
      </Flex>
      <Input
        name={`${name}-imageUrl`}
        label={t('field.url.image')}
        readOnly={readOnly}
        value={card.imageUrl ?? ''}
        onInput={(imageUrl) => onChange({ ...card, imageUrl })}
      />
      <Input
        name={`${name}-title`}
        label={t('card.title')}
        description={t('field.count', { n: (card.title ?? '').length, max: MOST.title })}
        readOnly={readOnly}
        value={card.title ?? ''}
        onInput={(title) => onChange({ ...card, title })}
      />
      <TextArea
        name={`${name}-text`}
        label={t('card.text')}
        description={t('field.count', { n: card.text.length, max: most })}
        rows={2}
        readOnly={readOnly}
        value={card.text}
        onInput={(text) => onChange({ ...card, text })}
      />
      {card.actions.map((action, i) => (
        <ActionFields
          key={i}
          name={`${name}-button-${i}`}
          place={`${place}.actions[${i}]`}
          title={t('card.button', { n: i + 1 })}
          action={action}
          labelled
          problems={[]}
          readOnly={readOnly}
          onChange={(next) => onChange({ ...card, actions: card.actions.map((old, j) => (j === i ? next : old)) })}
        />
      ))}
      <Told problems={problems} place={place} />
    </Flex>
  );
};
