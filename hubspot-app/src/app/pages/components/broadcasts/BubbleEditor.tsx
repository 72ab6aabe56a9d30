import { Button, Flex, Image, Input, Select, Text, TextArea, Tile } from '@hubspot/ui-extensions';
import { useProblem, useText, type Bubble, type BubbleProblem, type Key } from '@lumo/screens';
import { useState } from 'react';
import { CardsEditor } from './CardsEditor.tsx';
import { LONGEST_TEXT, mergeField, withFallbacks } from './draft.ts';
import { faultsOf } from './limits.ts';
import { RichEditor } from './RichEditor.tsx';

interface Props {
  at: number;
  bubble: Bubble;
  last: boolean;
  problems: BubbleProblem[];
  /** Properties whose values a text can hold. */
  fields: readonly { property: string; label: string }[];
  readOnly: boolean;
  onChange: (bubble: Bubble) => void;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
}

/** One bubble: its fields, what is wrong with it, and about how it looks. */
export const BubbleEditor = (props: Props) => {
  const t = useText('broadcasts');
  const explain = useProblem();
  const { at, bubble, last, readOnly, onMove, onRemove } = props;
  const now = faultsOf(bubble, at);
  const known = new Set(now.map(({ code, place }) => `${code} ${place}`));
  const problems = [...now, ...props.problems.filter(({ code, place }) => !known.has(`${code} ${place}`))];
  // Cards and areas tell what is wrong with them themselves.
  const rest = problems.filter(({ place }) => !/\.(cards|areas)\[\d+\]/.test(place));
  const title = t('draft.bubble', { n: at + 1, kind: t(`kind.${bubble.kind}`) });
  return (
    <Tile compact>
      <Flex direction="column" gap="small">
        <Flex justify="between" align="center" gap="small" wrap>
          <Text format={{ fontWeight: 'demibold' }}>{title}</Text>
          {!readOnly && (
            <Flex gap="xs">
              <Button size="xs" disabled={at === 0} onClick={() => onMove(-1)} testId={`up-${at}`}>
                {t('draft.up')}
              </Button>
              <Button size="xs" disabled={last} onClick={() => onMove(1)} testId={`down-${at}`}>
                {t('draft.down')}
              </Button>
              <Button size="xs" onClick={onRemove} testId={`remove-${at}`}>
                {t('draft.remove')}
              </Button>
            </Flex>
          )}
        </Flex>
        <Fields {...props} problems={problems} />
        {rest.map((problem) => (
          <Text key={`${problem.code} ${problem.place}`} variant="microcopy" format={{ fontWeight: 'demibold' }}>
            {`${explain(problem).text} ${explain(problem).todo}`}
          </Text>
        ))}
      </Flex>
    </Tile>
  );
};

type TextField = 'packageId' | 'stickerId' | 'url' | 'previewUrl' | 'altText';

const FIELDS: Partial<Record<Bubble['kind'], readonly (readonly [TextField, Key<'broadcasts'>])[]>> = {
  sticker: [
    ['packageId', 'field.packageId'],
    ['stickerId', 'field.stickerId'],
  ],
  image: [
    ['url', 'field.url.image'],
    ['previewUrl', 'field.previewUrl'],
  ],
  video: [
    ['url', 'field.url.video'],
    ['previewUrl', 'field.previewUrl'],
  ],
  flex: [['altText', 'field.altText']],
};

const Fields = (props: Props) => {
  const t = useText('broadcasts');
  const { at, bubble, readOnly, onChange } = props;
  if (bubble.kind === 'text') return <TextBubble {...props} />;
  if (bubble.kind === 'card') return <CardsEditor {...props} />;
  if (bubble.kind === 'rich') return <RichEditor {...props} />;
  const preview = bubble.previewUrl ?? '';
  return (
    <Flex direction="column" gap="small">
      {(FIELDS[bubble.kind] ?? []).map(([field, label]) => (
        <Input
          key={field}
          name={`bubble-${at}-${field}`}
          label={t(label)}
          readOnly={readOnly}
          value={bubble[field] ?? ''}
          onInput={(value) => onChange({ ...bubble, [field]: value })}
        />
      ))}
      {(bubble.kind === 'flex' || bubble.kind === 'json') && <Json {...props} />}
      {preview.startsWith('https://') && <Image src={preview} alt={t('draft.preview')} width={160} />}
    </Flex>
  );
};

const TextBubble = ({ at, bubble, fields, readOnly, onChange }: Props) => {
  const t = useText('broadcasts');
  const text = bubble.text ?? '';
  const [field, setField] = useState('line.name');
  const [fallback, setFallback] = useState('');
  const insert = () => {
    onChange({ ...bubble, text: text + mergeField(field, fallback) });
    setFallback('');
  };
  return (
    <Flex direction="column" gap="xs">
      <TextArea
        name={`bubble-${at}-text`}
        label={t('field.text')}
        description={t('field.count', { n: text.length, max: LONGEST_TEXT })}
        rows={4}
        readOnly={readOnly}
        value={text}
        onInput={(value) => onChange({ ...bubble, text: value })}
      />
      {!readOnly && (
        <Flex gap="small" align="end" wrap>
          <Select
            name={`bubble-${at}-field`}
            label={t('merge.field')}
            tooltip={t('merge.help')}
            value={field}
            options={[
              { value: 'line.name', label: t('merge.name') },
              ...fields.map(({ property, label }) => ({ value: property, label })),
            ]}
            onChange={(value) => setField(String(value))}
          />
          <Input name={`bubble-${at}-fallback`} label={t('merge.fallback')} value={fallback} onInput={setFallback} />
          <Button size="sm" testId={`merge-${at}`} disabled={fallback.trim() === ''} onClick={insert}>
            {t('merge.insert')}
          </Button>
        </Flex>
      )}
      {text.includes('{{') && <Text variant="microcopy">{`${t('draft.preview')}: ${withFallbacks(text)}`}</Text>}
    </Flex>
  );
};

/** Typed JSON is kept as it is typed, and taken over when it can be read. */
const Json = ({ at, bubble, readOnly, onChange }: Props) => {
  const t = useText('broadcasts');
  const [text, setText] = useState(() => JSON.stringify(bubble.contents ?? {}, null, 2));
  const fault = faultOf(text);
  const typed = (next: string) => {
    setText(next);
    if (faultOf(next) === null) onChange({ ...bubble, contents: JSON.parse(next) as Record<string, unknown> });
  };
  return (
    <TextArea
      name={`bubble-${at}-contents`}
      label={t(bubble.kind === 'flex' ? 'field.contents.flex' : 'field.contents.json')}
      rows={8}
      readOnly={readOnly}
      value={text}
      error={fault !== null}
      {...(fault !== null && { validationMessage: t('field.badJson', { why: fault }) })}
      onInput={typed}
    />
  );
};

function faultOf(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? null : '{ … }';
  } catch (e) {
    return e instanceof Error ? e.message : String(e);
  }
}
