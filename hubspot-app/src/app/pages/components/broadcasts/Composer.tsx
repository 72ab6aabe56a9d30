import { Box, Button, Checkbox, Flex, Heading, Input, LoadingButton, Select, Text } from '@hubspot/ui-extensions';
import {
  ErrorAlert,
  TemplatePicker,
  useAction,
  useApi,
  useMay,
  useText,
  type Broadcast,
  type Bubble,
  type Slot,
} from '@lumo/screens';
import { useState } from 'react';
import { AudiencePicker } from './AudiencePicker.tsx';
import { BubbleEditor } from './BubbleEditor.tsx';
import { blankBubble, draftOf, KINDS, MOST_BUBBLES, problemsOf } from './draft.ts';
import { LiveEstimate } from './LiveEstimate.tsx';
import { Preview } from './Preview.tsx';
import { Review } from './Review.tsx';
import { bubblesOf } from './shown.ts';
import { TestSend } from './TestSend.tsx';

const TRACKING = ['off', 'shared', 'personal'] as const;

/** A draft: name, up to five bubbles, who gets it; then its review (P-124). */
export const Composer = ({ broadcast, onChanged }: { broadcast: Broadcast; onChanged: () => void }) => {
  const t = useText('broadcasts');
  const may = useMay().send_messages;
  const { slot, id } = broadcast;
  const path = { slot, broadcast: id };
  const save = useAction('PUT /broadcasts/{slot}/{broadcast}');
  const review = useAction('POST /broadcasts/{slot}/{broadcast}/review');
  const mappings = useApi('GET /mappings', {});
  const settings = useApi('GET /accounts/{slot}/broadcasting', { path: { slot } });
  const [kept, setKept] = useState(() => draftOf(broadcast));
  const [draft, setDraft] = useState(kept);
  const [reviewed, setReviewed] = useState<Awaited<ReturnType<typeof review.run>>>(null);
  const [seen, setSeen] = useState<{ of: string; friend: string; bubbles: Bubble[] } | null>(null);
  const written = JSON.stringify(draft.bubbles);
  const shown = seen?.of === written ? seen : null;
  const changed = JSON.stringify(draft) !== JSON.stringify(kept);
  const set = (more: Partial<typeof draft>) => setDraft((last) => ({ ...last, ...more }));
  const setBubbles = (edit: (bubbles: Bubble[]) => Bubble[]) =>
    setDraft((last) => ({ ...last, bubbles: edit(last.bubbles) }));

  const keep = async () => {
    if (!changed) return true;
    const done = await save.run({ path, body: draft });
    if (done) setKept(draft);
    return done !== null;
  };
  const look = async () => {
    if (!(await keep())) return;
    setReviewed(await review.run({ path, body: {} }));
  };
  const accounts = useApi('GET /accounts', {});
  const account = accounts.data?.items.find((one) => one.slot === slot)?.name ?? '';
  const trackable = settings.data?.tracking ?? false;
  return (
    <Flex direction="column" gap="medium">
      {!may && <Text>{t('readOnly')}</Text>}
      <Input
        name="broadcast-name"
        label={t('draft.name')}
        tooltip={t('draft.nameHelp')}
        required
        readOnly={!may}
        value={draft.name}
        onInput={(name) => set({ name })}
      />
      <AudiencePicker
        slot={slot}
        audience={draft.audience}
        readOnly={!may}
        onChange={(audience) => set({ audience })}
      />
      <LiveEstimate slot={slot} audience={draft.audience} settings={settings.data} />
      <Heading>{t('draft.bubbles')}</Heading>
      <Flex gap="medium" align="start" wrap>
        <Box flex={3}>
          <Flex direction="column" gap="small">
            {draft.bubbles.length === 0 && <Text>{t('draft.empty')}</Text>}
            {draft.bubbles.map((bubble, at) => (
              <BubbleEditor
                key={`${at} ${bubble.kind}`}
                at={at}
                bubble={bubble}
                last={at === draft.bubbles.length - 1}
                problems={problemsOf(reviewed?.problems ?? [], at)}
                fields={mappings.data?.items.map(({ property, label }) => ({ property, label })) ?? []}
                readOnly={!may}
                onChange={(next) => setBubbles((all) => all.map((old, i) => (i === at ? next : old)))}
                onMove={(by) => setBubbles((all) => moved(all, at, by))}
                onRemove={() => setBubbles((all) => all.filter((_, i) => i !== at))}
              />
            ))}
            {may && (
              <AddBubble
                full={draft.bubbles.length >= MOST_BUBBLES}
                onAdd={(kind) => setBubbles((all) => [...all, blankBubble(kind)])}
              />
            )}
            {may && draft.bubbles.length < MOST_BUBBLES && (
              <FromTemplate
                slot={slot}
                room={MOST_BUBBLES - draft.bubbles.length}
                onAdd={(more) => setBubbles((all) => [...all, ...more])}
              />
            )}
          </Flex>
        </Box>
        <Box flex={2}>
          <Preview bubbles={shown?.bubbles ?? draft.bubbles} account={account} friend={shown?.friend} />
        </Box>
      </Flex>
      <Select
        name="tracking"
        label={t('tracking.label')}
        description={t(trackable ? 'tracking.help' : 'tracking.disabled')}
        readOnly={!may || (!trackable && draft.tracking === 'off')}
        value={draft.tracking}
        options={TRACKING.map((value) => ({ value, label: t(`tracking.${value}`) }))}
        onChange={(value) => set({ tracking: TRACKING.find((one) => one === value) ?? 'off' })}
      />
      <Checkbox name="silent" checked={draft.silent} readOnly={!may} onChange={(silent) => set({ silent })}>
        {t('draft.silent')}
      </Checkbox>
      {may && (
        <TestSend
          broadcast={broadcast}
          users={draft.testUsers}
          onChange={(testUsers) => set({ testUsers })}
          keep={keep}
          empty={draft.bubbles.length === 0}
          onShown={(friend, messages) => setSeen({ of: written, friend, bubbles: bubblesOf(messages, draft.bubbles) })}
        />
      )}
      <ErrorAlert error={save.error ?? review.error} />
      <Flex gap="small" align="center" wrap>
        <LoadingButton testId="save-draft" loading={save.busy} disabled={!may || !changed} onClick={() => void keep()}>
          {t('draft.save')}
        </LoadingButton>
        <LoadingButton
          variant="primary"
          testId="review-draft"
          loading={review.busy}
          disabled={!may || draft.name.trim() === ''}
          onClick={() => void look()}
        >
          {t('draft.review')}
        </LoadingButton>
        {changed && may && <Text variant="microcopy">{t('draft.unsaved')}</Text>}
      </Flex>
      {reviewed && <Review broadcast={broadcast} review={reviewed} current={!changed} onChanged={onChanged} />}
    </Flex>
  );
};

export function moved(bubbles: Bubble[], at: number, by: -1 | 1): Bubble[] {
  const next = [...bubbles];
  const [one] = next.splice(at, 1);
  if (one) next.splice(at + by, 0, one);
  return next;
}

/** Adds the bubbles of a message template. The broadcast keeps them as they are now. */
const FromTemplate = ({ slot, room, onAdd }: { slot: Slot; room: number; onAdd: (bubbles: Bubble[]) => void }) => {
  const t = useText('templates');
  const [tooMany, setTooMany] = useState(false);
  const pick = (bubbles: Bubble[]) => {
    setTooMany(bubbles.length > room);
    if (bubbles.length <= room) onAdd(bubbles);
  };
  return (
    <>
      <TemplatePicker slot={slot} onPick={pick} />
      {tooMany && <Text variant="microcopy">{t('use.full')}</Text>}
    </>
  );
};

export const AddBubble = ({ full, onAdd }: { full: boolean; onAdd: (kind: Bubble['kind']) => void }) => {
  const t = useText('broadcasts');
  if (full) return <Text variant="microcopy">{t('draft.full')}</Text>;
  return (
    <Flex direction="column" gap="xs">
      <Text>{t('draft.add')}</Text>
      <Flex gap="xs" wrap>
        {KINDS.map((kind) => (
          <Button key={kind} size="sm" testId={`add-${kind}`} onClick={() => onAdd(kind)}>
            {t(`kind.${kind}`)}
          </Button>
        ))}
      </Flex>
    </Flex>
  );
};
