import { Flex, Input, NumberInput, Select, Text } from '@hubspot/ui-extensions';
import { useText, type Bubble, type BubbleProblem } from '@lumo/screens';
import { ActionFields } from './ActionFields.tsx';
import { areasOf, LAYOUTS, layoutOf, RICH_WIDTH, type Layout } from './limits.ts';

interface Props {
  at: number;
  bubble: Bubble;
  problems: readonly BubbleProblem[];
  readOnly: boolean;
  onChange: (bubble: Bubble) => void;
}

const NAMES = Object.keys(LAYOUTS) as Layout[];

/** One large picture, divided into areas that can be tapped. */
export const RichEditor = ({ at, bubble, problems, readOnly, onChange }: Props) => {
  const t = useText('broadcasts');
  const { areas = [], height = RICH_WIDTH } = bubble;
  const layout = layoutOf(areas, height);
  const options: { value: Layout | 'other'; label: string }[] = NAMES.map((value) => ({
    value,
    label: t(`layout.${value}`),
  }));
  if (!layout) options.push({ value: 'other', label: t('layout.other') });
  const divide = (to: Layout | undefined, high: number) =>
    onChange({ ...bubble, height: high, ...(to && { areas: areasOf(to, high, areas) }) });
  return (
    <Flex direction="column" gap="small">
      <Input
        name={`bubble-${at}-altText`}
        label={t('field.altText')}
        readOnly={readOnly}
        value={bubble.altText ?? ''}
        onInput={(altText) => onChange({ ...bubble, altText })}
      />
      <Input
        name={`bubble-${at}-baseUrl`}
        label={t('field.baseUrl')}
        description={t('field.baseUrlHelp')}
        readOnly={readOnly}
        value={bubble.baseUrl ?? ''}
        onInput={(baseUrl) => onChange({ ...bubble, baseUrl })}
      />
      <Flex gap="small" align="end" wrap>
        <NumberInput
          name={`bubble-${at}-height`}
          label={t('field.height', { width: RICH_WIDTH })}
          min={1}
          max={4 * RICH_WIDTH}
          readOnly={readOnly}
          value={height}
          onChange={(high) => high && divide(layout ?? undefined, Math.round(high))}
        />
        <Select
          name={`bubble-${at}-layout`}
          label={t('layout.label')}
          readOnly={readOnly}
          value={layout ?? 'other'}
          options={options}
          onChange={(to) =>
            divide(
              NAMES.find((one) => one === to),
              height,
            )
          }
        />
      </Flex>
      {areas.map((area, i) => (
        <ActionFields
          key={i}
          name={`bubble-${at}-area-${i}`}
          place={`bubbles[${at}].areas[${i}]`}
          title={t('layout.area', { n: i + 1 })}
          action={area.action}
          labelled={false}
          problems={problems}
          readOnly={readOnly}
          onChange={(action) =>
            onChange({ ...bubble, areas: areas.map((old, j) => (j === i ? { ...old, action } : old)) })
          }
        />
      ))}
      {bubble.video && <Text variant="microcopy">{t('layout.video')}</Text>}
    </Flex>
  );
};
