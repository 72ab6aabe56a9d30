import { Flex, Select, Text } from '@hubspot/ui-extensions';
import { useAllSegments, useAllTags, useText, type Audience, type Slot } from '@lumo/screens';

interface Props {
  slot: Slot;
  audience: Audience;
  readOnly: boolean;
  onChange: (audience: Audience) => void;
}

const KINDS = ['all', 'tag', 'segment'] as const;

/** Who gets it: all friends, those with a tag, or a segment (P-123). */
export const AudiencePicker = ({ slot, audience, readOnly, onChange }: Props) => {
  const t = useText('broadcasts');
  const tags = useAllTags(audience.kind === 'tag' ? slot : null);
  const segments = useAllSegments(audience.kind === 'segment' ? slot : null);
  const known = audience.kind === 'tag' ? tags.tags : segments.rows;
  const options = known.map(({ id, name }) => ({ value: id, label: name }));
  const { ref = '' } = audience;
  const loading = audience.kind === 'tag' ? tags.loading : segments.loading;
  if (ref !== '' && !loading && !options.some(({ value }) => value === ref))
    options.push({ value: ref, label: t('audience.gone') });
  return (
    <Flex direction="column" gap="xs">
      <Flex gap="small" align="end" wrap>
        <Select
          name="audience"
          label={t('audience.label')}
          readOnly={readOnly}
          value={audience.kind}
          options={KINDS.map((value) => ({ value, label: t(`audience.${value}`) }))}
          onChange={(kind) => onChange({ kind: KINDS.find((one) => one === kind) ?? 'all' })}
        />
        {audience.kind !== 'all' && (
          <Select
            name="audience-ref"
            label={t(audience.kind === 'tag' ? 'audience.tagChoose' : 'audience.segmentChoose')}
            readOnly={readOnly}
            value={ref}
            options={options}
            onChange={(value) => onChange({ kind: audience.kind, ref: String(value) })}
          />
        )}
      </Flex>
      {audience.kind !== 'all' && !loading && options.length === 0 && (
        <Text variant="microcopy">{t(audience.kind === 'tag' ? 'audience.noTags' : 'audience.noSegments')}</Text>
      )}
    </Flex>
  );
};
