import { Box, Divider, Flex, Heading, Image, Text, Tile } from '@hubspot/ui-extensions';
import { useText, type Bubble, type BubbleCard } from '@lumo/screens';
import { withFallbacks } from './draft.ts';

interface Props {
  bubbles: readonly Bubble[];
  account: string;
  /** Whose values stand in the merge fields; none: the fallbacks do. */
  friend?: string | undefined;
}

/** About how the message looks on a phone: bubbles below each other, cards side by side. Merge fields show their fallbacks. */
export const Preview = ({ bubbles, account, friend }: Props) => {
  const t = useText('broadcasts');
  return (
    <Flex direction="column" gap="small">
      <Heading>{t('draft.preview')}</Heading>
      {account !== '' && <Text variant="microcopy">{account}</Text>}
      {friend !== undefined && <Text variant="microcopy">{t('preview.as', { name: friend })}</Text>}
      {bubbles.length === 0 && <Text variant="microcopy">{t('preview.empty')}</Text>}
      {bubbles.map((bubble, at) => (
        <Shown key={at} bubble={bubble} />
      ))}
      <Text variant="microcopy">{t('preview.note')}</Text>
    </Flex>
  );
};

const Shown = ({ bubble }: { bubble: Bubble }) => {
  const t = useText('broadcasts');
  switch (bubble.kind) {
    case 'text':
      return (
        <Tile compact>
          <Text>{withFallbacks(bubble.text ?? '') || '…'}</Text>
        </Tile>
      );
    case 'image':
    case 'video':
      return (
        <Picture
          url={bubble.previewUrl || (bubble.kind === 'image' ? bubble.url : '')}
          kind={t(`kind.${bubble.kind}`)}
        />
      );
    case 'rich':
      return (
        <Flex direction="column" gap="xs">
          <Picture url={bubble.baseUrl ? `${bubble.baseUrl}/460` : ''} kind={t('kind.rich')} />
          {bubble.areas?.map((area, i) => (
            <Text key={i} variant="microcopy">
              {`${t('layout.area', { n: i + 1 })}: ${area.action.uri || withFallbacks(area.action.text ?? '') || '…'}`}
            </Text>
          ))}
        </Flex>
      );
    case 'card':
      return (
        <Flex direction="row" gap="small" wrap>
          {bubble.cards?.map((card, i) => (
            <Box key={i} flex={1}>
              <CardShown card={card} />
            </Box>
          ))}
        </Flex>
      );
    default:
      return (
        <Tile compact>
          <Text>{`[${t(`kind.${bubble.kind}`)}] ${withFallbacks(bubble.altText ?? bubble.stickerId ?? '')}`}</Text>
        </Tile>
      );
  }
};

const CardShown = ({ card }: { card: BubbleCard }) => {
  const t = useText('broadcasts');
  return (
    <Tile compact>
      <Flex direction="column" gap="xs">
        {card.imageUrl && <Picture url={card.imageUrl} kind={t('kind.image')} />}
        {card.title && <Text format={{ fontWeight: 'bold' }}>{withFallbacks(card.title)}</Text>}
        <Text>{withFallbacks(card.text) || '…'}</Text>
        <Divider />
        {card.actions.map(({ label = '' }, i) => (
          <Text key={i} format={{ fontWeight: 'demibold' }}>
            {withFallbacks(label) || '…'}
          </Text>
        ))}
      </Flex>
    </Tile>
  );
};

const Picture = ({ url = '', kind }: { url?: string | undefined; kind: string }) =>
  url.startsWith('https://') ? (
    <Image src={url} alt={kind} width={240} />
  ) : (
    <Tile compact>
      <Text>{`[${kind}]`}</Text>
    </Tile>
  );
