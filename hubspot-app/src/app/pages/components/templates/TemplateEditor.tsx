import { Flex, Heading, Input, LoadingButton, Text, useExtensionActions } from '@hubspot/ui-extensions';
import {
  ErrorAlert,
  useAction,
  useApi,
  useMay,
  useText,
  type ApiError,
  type Bubble,
  type BubbleProblem,
  type Slot,
  type Template,
} from '@lumo/screens';
import { useState } from 'react';
import { BubbleEditor } from '../broadcasts/BubbleEditor.tsx';
import { AddBubble, moved } from '../broadcasts/Composer.tsx';
import { blankBubble, MOST_BUBBLES, problemsOf } from '../broadcasts/draft.ts';
import { UsedBy } from './UsedBy.tsx';

/** What stands in the address of a template that is not kept yet. */
export const NEW = 'new';

interface Props {
  slot: Slot;
  /** null: one that is not kept yet. */
  template: Template | null;
  onSaved?: () => void;
}

/** Name and bubbles. What is wrong with a bubble is told when it is saved, LINE's own word included. */
export const TemplateEditor = ({ slot, template, onSaved }: Props) => {
  const t = useText('templates');
  const words = useText('broadcasts');
  const may = useMay().send_messages;
  const { navigateToPage, addAlert } = useExtensionActions<'pages'>();
  const create = useAction('POST /templates');
  const replace = useAction('PUT /templates/{slot}/{template}');
  const mappings = useApi('GET /mappings', {});
  const [name, setName] = useState(template?.name ?? '');
  const [bubbles, setBubbles] = useState<Bubble[]>(() => template?.bubbles ?? [blankBubble('text')]);
  const error = create.error ?? replace.error;
  const changed =
    template === null || name !== template.name || JSON.stringify(bubbles) !== JSON.stringify(template.bubbles);

  const save = async () => {
    const body = { name: name.trim(), bubbles };
    const kept = template
      ? await replace.run({ path: { slot, template: template.id }, body })
      : await create.run({ body: { slot, ...body } });
    if (!kept) return;
    addAlert({ type: 'success', message: t('saved', { name: kept.name }) });
    if (template) onSaved?.();
    else navigateToPage({ to: `/templates/${slot}/${kept.id}` });
  };

  return (
    <Flex direction="column" gap="medium">
      {!may && <Text>{t('readOnly')}</Text>}
      <Input
        name="template-name"
        label={t('edit.name')}
        description={t('edit.nameHelp')}
        required
        readOnly={!may}
        value={name}
        onInput={setName}
      />
      <Heading>{words('draft.bubbles')}</Heading>
      {bubbles.length === 0 && <Text>{words('draft.empty')}</Text>}
      {bubbles.map((bubble, at) => (
        <BubbleEditor
          key={`${at} ${bubble.kind}`}
          at={at}
          bubble={bubble}
          last={at === bubbles.length - 1}
          problems={problemsOf(toldOf(error), at)}
          fields={mappings.data?.items.map(({ property, label }) => ({ property, label })) ?? []}
          readOnly={!may}
          onChange={(next) => setBubbles((all) => all.map((old, i) => (i === at ? next : old)))}
          onMove={(by) => setBubbles((all) => moved(all, at, by))}
          onRemove={() => setBubbles((all) => all.filter((_, i) => i !== at))}
        />
      ))}
      {may && (
        <AddBubble
          full={bubbles.length >= MOST_BUBBLES}
          onAdd={(kind) => setBubbles((all) => [...all, blankBubble(kind)])}
        />
      )}
      <ErrorAlert error={error} />
      <Flex gap="small" align="center" wrap>
        <LoadingButton
          variant="primary"
          testId="save-template"
          loading={create.busy || replace.busy}
          disabled={!may || !changed || name.trim() === '' || bubbles.length === 0}
          onClick={() => void save()}
        >
          {t('save')}
        </LoadingButton>
        {changed && may && <Text variant="microcopy">{t(name.trim() === '' ? 'noName' : 'unsaved')}</Text>}
      </Flex>
      {template && (
        <Flex direction="column" gap="small">
          <Text variant="microcopy">{t('live')}</Text>
          <UsedBy uses={template.usedBy} />
        </Flex>
      )}
    </Flex>
  );
};

/** A refusal that names a bubble is shown there, too. */
const toldOf = (error: ApiError | null): BubbleProblem[] =>
  error?.field?.startsWith('bubbles[') ? [{ code: error.code, place: error.field, message: error.message }] : [];
