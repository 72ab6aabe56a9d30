import { Flex, Input, Select, Text } from '@hubspot/ui-extensions';
import { useText, type BubbleAction, type BubbleProblem } from '@lumo/screens';
import { Told } from './Told.tsx';
import { MOST } from './limits.ts';

interface Props {
  /** The name of its fields, and its place in the message. */
  name: string;
  place: string;
  title: string;
  action: BubbleAction;
  /** Buttons have one; areas of a picture need none. */
  labelled: boolean;
  problems: readonly BubbleProblem[];
  readOnly: boolean;
  onChange: (action: BubbleAction) => void;
}

const TYPES = ['uri', 'message'] as const;

/** What a tap does: opens a page, or says something in the chat. */
export const ActionFields = ({ name, place, title, action, labelled, problems, readOnly, onChange }: Props) => {
  const t = useText('broadcasts');
  if (action.type === 'postback') return <Text variant="microcopy">{`${title}: ${action.label ?? ''}`}</Text>;
  const turn = (to: unknown) => {
    const type = TYPES.find((one) => one === to) ?? 'uri';
    onChange({
      type,
      ...(labelled && { label: action.label ?? '' }),
      ...(type === 'uri' ? { uri: '' } : { text: '' }),
    });
  };
  return (
    <Flex direction="column" gap="xs">
      <Flex gap="small" align="end" wrap>
        {labelled && (
          <Input
            name={`${name}-label`}
            label={title}
            placeholder={t('action.label')}
            tooltip={t('field.most', { max: MOST.label })}
            readOnly={readOnly}
            value={action.label ?? ''}
            onInput={(label) => onChange({ ...action, label })}
          />
        )}
        <Select
          name={`${name}-type`}
          label={labelled ? t('action.type') : title}
          readOnly={readOnly}
          value={action.type}
          options={TYPES.map((value) => ({ value, label: t(`action.${value}`) }))}
          onChange={turn}
        />
        {action.type === 'uri' ? (
          <Input
            name={`${name}-uri`}
            label={t('action.uriLabel')}
            readOnly={readOnly}
            value={action.uri ?? ''}
            onInput={(uri) => onChange({ ...action, uri })}
          />
        ) : (
          <Input
            name={`${name}-text`}
            label={t('action.textLabel')}
            readOnly={readOnly}
            value={action.text ?? ''}
            onInput={(text) => onChange({ ...action, text })}
          />
        )}
      </Flex>
      <Told problems={problems} place={place} />
    </Flex>
  );
};
