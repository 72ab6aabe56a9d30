import { Button, Flex, Input, LoadingButton, Text, TextArea } from '@hubspot/ui-extensions';
import { ErrorAlert, useFormat, useText } from '@lumo/screens';
import type { Content, Sending } from './useSend.ts';

/** LINE counts UTF-16 units, as JavaScript does. */
const LONGEST = 5000;

export interface Draft {
  text: string;
  /** null while a text is written. */
  picture: { url: string; preview: string } | null;
}

export const EMPTY: Draft = { text: '', picture: null };

interface Props {
  sending: Sending;
  /** Why nothing can be written here; null when it can. */
  barred: string | null;
  draft: Draft;
  onDraft: (draft: Draft) => void;
  onSent: () => void;
  /** What the message is written to, and what it costs; by default a friend. */
  label?: string;
  cost?: string;
}

/** Where a message to the friend is written. What was not sent stays in the box. */
export const Composer = ({ sending, barred, draft, onDraft, onSent, label, cost }: Props) => {
  const t = useText('card');
  const { busy } = sending;
  const content = contentOf(draft);
  const submit = async () => {
    if (!content) return;
    const message = await sending.send(content);
    if (!message) return;
    // A message that cannot be tried again as it is must be written in another way: it stays.
    if (message.status !== 'failed' || message.retry) onDraft(EMPTY);
    onSent();
  };
  return (
    <Flex direction="column" gap="xs">
      {draft.picture ? (
        <Picture {...{ draft, onDraft, busy }} picture={draft.picture} />
      ) : (
        <Words {...{ draft, onDraft, busy, barred }} label={label ?? t('compose.text')} />
      )}
      <ErrorAlert error={sending.error} />
      <Flex gap="small" align="center" wrap>
        <LoadingButton
          size="sm"
          variant="primary"
          loading={busy}
          disabled={barred !== null || !content}
          onClick={() => void submit()}
          testId="send-message"
        >
          {t(draft.picture ? 'compose.sendPicture' : 'compose.send')}
        </LoadingButton>
        {barred === null && (
          <Button
            size="xs"
            variant="transparent"
            disabled={busy}
            onClick={() => onDraft({ ...draft, picture: draft.picture ? null : { url: '', preview: '' } })}
            testId="compose-kind"
          >
            {t(draft.picture ? 'compose.withText' : 'compose.withPicture')}
          </Button>
        )}
        {barred === null && <Text variant="microcopy">{cost ?? t('compose.cost')}</Text>}
      </Flex>
    </Flex>
  );
};

function contentOf({ text, picture }: Draft): Content | null {
  if (!picture) return text.trim() !== '' && text.length <= LONGEST ? { text } : null;
  const url = picture.url.trim();
  const preview = picture.preview.trim();
  if (!isAddress(url) || (preview !== '' && !isAddress(preview))) return null;
  return { image: { url, ...(preview !== '' && { preview }) } };
}

const isAddress = (s: string) => /^https:\/\/\S+\.\S+$/.test(s);

interface PartProps {
  draft: Draft;
  onDraft: (draft: Draft) => void;
  busy: boolean;
}

const Words = ({ draft, onDraft, busy, barred, label }: PartProps & { barred: string | null; label: string }) => {
  const t = useText('card');
  const format = useFormat();
  const over = draft.text.length - LONGEST;
  return (
    <TextArea
      name="message"
      label={label}
      rows={3}
      value={draft.text}
      readOnly={busy || barred !== null}
      description={barred ?? t('compose.count', { n: format.number(draft.text.length), most: format.number(LONGEST) })}
      error={over > 0}
      {...(over > 0 && { validationMessage: t('compose.tooLong', { n: over }) })}
      onInput={(text) => onDraft({ ...draft, text })}
    />
  );
};

const Picture = ({ draft, onDraft, busy, picture }: PartProps & { picture: NonNullable<Draft['picture']> }) => {
  const t = useText('card');
  const set = (part: Partial<typeof picture>) => onDraft({ ...draft, picture: { ...picture, ...part } });
  const fault = (s: string) =>
    s.trim() !== '' && !isAddress(s.trim()) ? { error: true, validationMessage: t('compose.badUrl') } : {};
  return (
    <Flex direction="column" gap="xs">
      <Input
        name="picture"
        label={t('compose.url')}
        description={t('compose.urlHelp')}
        value={picture.url}
        readOnly={busy}
        onInput={(url) => set({ url })}
        {...fault(picture.url)}
      />
      <Input
        name="preview"
        label={t('compose.preview')}
        description={t('compose.previewHelp')}
        value={picture.preview}
        readOnly={busy}
        onInput={(preview) => set({ preview })}
        {...fault(picture.preview)}
      />
    </Flex>
  );
};
